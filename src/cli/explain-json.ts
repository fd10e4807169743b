import { againAfterOf, type Invalidation } from '../model/invalidation.ts';
import type { Change, Column, JsonValue, Row, Table } from '../model/row-change.ts';
import type { DeadLetter } from '../ports.ts';
import type { ChangeExplanation } from '../rules/explain/explain.ts';
import type { Difference } from '../rules/explain/explain-difference.ts';
import { primaryKeyOf as primaryKeyOfRow } from '../rules/evaluate/origin-of.ts';
import { TimeFormatter } from '../transport/iso-time.ts';
import { partitionFor } from '../transport/murmur2.ts';
import { nameOf } from './explain-filter.ts';

/**
 * The JSON of `sluice explain --json`: one object per change, in commit order, fields as in records (docs/records.md):
 *
 *   database, table (null: DROP DATABASE), op, primary_key, gtid, binlog {file, offset}, commit_time, version
 *   before, after      the images, with --values
 *   rules              for each rule about the table: rule, verdict (`matched` or why not), reason, invalidations
 *   other_rules        how many rules are about other tables
 *
 * An invalidation has key, action, version, rule, partition_key (also when it is the key), partition (null when the number of
 * partitions is not known), versioned, again_after_ms (where it is done once more), reason (of a flush), and of a refresh row {state: `present` or `gone`}, with its columns only with --values. With --against there is no `rules`: `added`,
 * `removed` (invalidations), `changed` ({before, after, what}), `dead_letters_added` and `dead_letters_removed` ({rule, reason}).
 */
export interface JsonOptions {
  /** Null: not known, there is no configuration. */
  readonly partitions: number | null;
  readonly values: boolean;
}

const times = new TimeFormatter();

export function explanationJson(explanation: ChangeExplanation, options: JsonOptions): object {
  return {
    ...changeJson(explanation.change, options),
    rules: explanation.rules.map(({ rule, verdict, invalidations }) => ({
      rule,
      verdict: verdict.kind,
      reason: verdict.reason,
      invalidations: invalidations.map((each) => invalidationJson(each, options)),
    })),
    other_rules: explanation.otherRules,
  };
}

export function differenceJson(change: Change, difference: Difference, options: JsonOptions): object {
  const list = (invalidations: readonly Invalidation[]): object[] =>
    invalidations.map((each) => invalidationJson(each, options));
  return {
    ...changeJson(change, options),
    added: list(difference.added),
    removed: list(difference.removed),
    changed: difference.changed.map(({ before, after, what }) => ({
      before: invalidationJson(before, options),
      after: invalidationJson(after, options),
      what,
    })),
    dead_letters_added: difference.addedLetters.map(letterJson),
    dead_letters_removed: difference.removedLetters.map(letterJson),
  };
}

export function invalidationJson(invalidation: Invalidation, { partitions, values }: JsonOptions): object {
  const { key, action, version, rule, partitionKey } = invalidation;
  const againAfterMs = againAfterOf(invalidation);
  return {
    key,
    action,
    version,
    rule,
    partition_key: partitionKey,
    partition: partitions === null ? null : partitionFor(partitionKey, partitions),
    ...(action === 'delete' || action === 'flush' ? { versioned: invalidation.versioned } : {}),
    ...(againAfterMs === null ? {} : { again_after_ms: againAfterMs }),
    ...(action === 'flush' ? { reason: invalidation.reason } : {}),
    ...(action === 'refresh' ? { row: values ? invalidation.row : { state: invalidation.row.state } } : {}),
  };
}

/** Of a deleted or updated row as it was before; null without a primary key. */
export function primaryKeyOf(change: Change): Readonly<Record<string, JsonValue>> | null {
  if (change.kind === 'table' || change.table.primaryKey.length === 0) return null;
  const { columnsByName, primaryKey } = change.table;
  return primaryKeyOfRow(
    change,
    primaryKey.flatMap((name) => columnsByName.get(name) ?? []),
  );
}

export function imageJson(row: Row, { columns }: Table): Readonly<Record<string, JsonValue>> {
  const value = (column: Column): JsonValue => {
    const raw = row[column.name];
    return raw === null || raw === undefined ? null : column.json(raw);
  };
  return Object.fromEntries(columns.map((column) => [column.name, value(column)]));
}

function changeJson(change: Change, { values }: JsonOptions): object {
  const { gtid, begin, commitTimeUs } = change.transaction;
  const image = (row: Row | null): object | null =>
    row === null || change.kind === 'table' ? null : imageJson(row, change.table);
  return {
    ...nameOf(change),
    op: change.operation,
    primary_key: primaryKeyOf(change),
    gtid,
    binlog: { file: begin.file, offset: begin.offset },
    commit_time: times.format(commitTimeUs / 1000),
    version: change.version,
    ...(values && change.kind === 'row' ? { before: image(change.before), after: image(change.after) } : {}),
  };
}

function letterJson({ item, reason }: DeadLetter): object {
  return { rule: item.kind === 'unmapped' ? item.rule : null, reason };
}
