import type { EpochInvalidation, FlushInvalidation, Invalidation } from '../../model/invalidation.ts';
import { NO_EPOCHS, type BinlogCoordinates, type Epochs } from '../../model/position.ts';
import type { Version } from '../../model/version.ts';
import type { CompiledRule } from '../rule-set.ts';
import { flushPattern, patternTooWide } from '../template/flush-pattern.ts';
import { epochId, epochKey } from './epoch-id.ts';
import { carrierOf } from './restate-epochs.ts';
import type { OriginContext, TableName } from '../../model/row-origin.ts';
import { EVERY_TABLE } from './origin-of.ts';
import { flushesOf, patternsOf } from './rule-flush.ts';
import { tableNameOf } from './table-reaction.ts';
import { carriesEpoch } from './table-rules.ts';

export interface GapFlushOptions {
  /** Of the flushes and of the epochs: greater than every one before it. */
  readonly version: Version;
  /** As far as anybody knows them. */
  readonly epochs: Epochs;
  /** Behind the gap. */
  readonly coordinates: BinlogCoordinates;
}

export interface GapFlush {
  /** Epochs first: who reads them builds no key any more that the flushes are about. */
  readonly invalidations: readonly Invalidation[];
  readonly epochs: Epochs;
  /** Rules with keys that nothing tells apart from others' keys, and that were told never to flush: theirs stay as they are. */
  readonly unflushed: readonly string[];
}

/**
 * What must go when changes may have been missed: every key that any rule can give, whatever it says about table changes. The
 * epochs of all tables that can be named are raised too; those of others are raised by their first row.
 */
export function gapFlush(
  rules: readonly CompiledRule[],
  { version, epochs: known, coordinates }: GapFlushOptions,
  { captureTimeMs, ruleSet }: OriginContext,
): GapFlush {
  const origin = (database: string, table: string) =>
    ({
      database,
      table,
      operation: 'unknown_rows',
      ruleSet,
      primaryKey: null,
      gtid: null,
      coordinates,
      // Nobody knows when they were committed: the delay that is measured is the flush's own.
      commitTimeMs: captureTimeMs,
      captureTimeMs,
    }) as const;
  const cause = { reason: 'gap', version, origin: origin(EVERY_TABLE, EVERY_TABLE) } as const;
  const flushes = rules.filter(canFlush).flatMap((rule) => flushesOf(rule, gapPatterns(rule), cause));
  const raised = tablesWithEpoch(rules, known);
  const raises = [...raised.values()].map(({ rule, name }): EpochInvalidation => {
    const key = epochKey(name);
    const at = origin(name.database, name.table);
    return { action: 'epoch', key, partitionKey: key, version, rule: rule.name, origin: at };
  });
  return {
    invalidations: [...raises, ...distinct(flushes)],
    epochs: new Map([...known, ...[...raised.keys()].map((id): [string, Version] => [id, version])]),
    unflushed: rules.filter((rule) => !canFlush(rule)).map(({ name }) => name),
  };
}

/**
 * What must go from one target when records may have been deleted before a worker read them. Plain: keys go whatever version they
 * carry, and versions stay, so that what follows counts by the versions it has.
 */
export function lossFlush(
  rules: readonly CompiledRule[],
  version: Version,
  { captureTimeMs, ruleSet }: OriginContext,
): Pick<GapFlush, 'unflushed'> & { readonly invalidations: readonly FlushInvalidation[] } {
  const coordinates = { file: '', offset: 0 };
  const { invalidations, unflushed } = gapFlush(
    rules,
    { version, epochs: NO_EPOCHS, coordinates },
    { captureTimeMs, ruleSet },
  );
  const flushes = invalidations.flatMap((each) => (each.action === 'flush' ? [{ ...each, versioned: false }] : []));
  return { invalidations: flushes, unflushed };
}

/** Of every key that any rule can give: what a target loses that has forgotten what was done there. */
export function ownedPatterns(rules: readonly CompiledRule[]): string[] {
  return [...new Set(rules.filter(canFlush).flatMap(gapPatterns))];
}

/** Names that are exact are text in the pattern; keys that are deleted at a table change are the rule's too. */
function gapPatterns(rule: CompiledRule): string[] {
  const patterns = rule.tables.every(({ exact }) => exact)
    ? rule.tables.flatMap(({ text }) => patternsOf(rule, { ...tableNameOf(text), captures: {} }))
    : patternsOf(rule);
  const deleted = Object.values(rule.tableChanges).flatMap((reaction) =>
    reaction.kind === 'delete' ? reaction.keys.map((key) => flushPattern(key)) : [],
  );
  return [...patterns, ...deleted];
}

/** Who has rules flushed at all was warned when a pattern is too wide, and accepted it. */
function canFlush(rule: CompiledRule): boolean {
  const flushes = rule.flushAboveRows !== null || Object.values(rule.tableChanges).some(({ kind }) => kind === 'flush');
  return flushes || gapPatterns(rule).every((pattern) => patternTooWide(pattern) === null);
}

/** Tables whose epoch is known, or whose name a rule gives in full, each with the first rule whose keys carry it. */
function tablesWithEpoch(
  rules: readonly CompiledRule[],
  known: Epochs,
): Map<string, { readonly rule: CompiledRule; readonly name: TableName }> {
  const carrying = rules.filter(carriesEpoch);
  const found = new Map<string, { readonly rule: CompiledRule; readonly name: TableName }>();
  for (const rule of carrying) {
    for (const { exact, text } of rule.tables) {
      const name = tableNameOf(text);
      if (exact && !found.has(epochId(name))) found.set(epochId(name), { rule, name });
    }
  }
  for (const id of known.keys()) {
    const carrier = found.has(id) ? null : carrierOf(id, carrying);
    if (carrier !== null) found.set(id, carrier);
  }
  return found;
}

/** Several rules may have the same keys: one look at the server is enough for all of them. */
function distinct(flushes: readonly FlushInvalidation[]): FlushInvalidation[] {
  const byKeys = new Map<string, FlushInvalidation>();
  for (const flush of flushes) {
    const keys = JSON.stringify([flush.key, flush.againAfterMs]);
    if (!byKeys.has(keys)) byKeys.set(keys, flush);
  }
  return [...byKeys.values()];
}
