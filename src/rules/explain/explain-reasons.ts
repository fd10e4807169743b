import type { Change, Column, Row, RowChange, TableChange } from '../../model/row-change.ts';
import { columnOf, sameValue, valueOf } from '../evaluate/column-reader.ts';
import { reactionOf } from '../evaluate/table-reaction.ts';
import type { Verdict } from './explain.ts';
import { replacesNull, templateColumns } from '../template/template-uses.ts';
import type { CompiledRule } from '../rule-set.ts';

const DONE = { insert: 'inserted', update: 'updated', delete: 'deleted' } as const;

/** Why a rule that acted did. */
export function whyYes(rule: CompiledRule, change: Change): string {
  if (change.kind === 'table') return `${change.operation} of the table`;
  if (change.operation !== 'update') return `a row was ${DONE[change.operation]}`;
  const changed = changedColumns(rule, change).map(({ name }) => `\`${name}\``);
  return changed.length === 0 ? 'a row was updated' : `${changed.join(', ')} changed`;
}

/**
 * Why a rule about this table does not look at the row, in the order in which the evaluator asks; null: it does. Throws
 * RULE_COLUMN_MISSING and RULE_CONDITION_FAILED as the evaluator does.
 */
export function whyPassedOver(rule: CompiledRule, change: RowChange): Verdict | null {
  if (rule.actions[change.operation] === undefined) {
    const on = Object.keys(rule.actions).join(', ');
    return { kind: 'operation', reason: `\`on\` is ${on}, and not ${change.operation}` };
  }
  const watched = watchedColumns(rule, change);
  if (watched !== null && !watched.some((column) => isChanged(column, change))) {
    return { kind: 'columns', reason: `none of its columns changed: ${watched.map(({ name }) => name).join(', ')}` };
  }
  if (rule.when === null || rule.when.matches(change)) return null;
  return { kind: 'condition', reason: `\`when\` is false: ${rule.when.text}` };
}

/** Why a row that the rule looked at gave no key. */
export function whyNoKey(rule: CompiledRule, change: RowChange): Verdict {
  const nulls = rule.nullText === null ? nullColumns(rule, change) : [];
  if (nulls.length > 0) {
    const names = nulls.map((name) => `\`${name}\``).join(', ');
    return { kind: 'null', reason: `${names} of its keys is NULL, without \`null_as\`` };
  }
  const reason = rule.lookup === null ? 'its keys come from a list, which is empty' : 'the lookup found nothing';
  return { kind: 'no_key', reason };
}

/** Why a rule does nothing about a change of its table. */
export function whyNotTable(rule: CompiledRule, change: TableChange): Verdict {
  const { operation } = change;
  const { kind } = reactionOf(rule, change);
  // Once is enough, so one rule does it for all.
  if (kind === 'epoch') return { kind: 'no_key', reason: 'another rule raises the epoch of the table' };
  if (kind === 'ignore') {
    return { kind: 'ignore', reason: `\`table_changes\` ignores ${operation}` };
  }
  return { kind: 'no_key', reason: `nothing to do on ${operation}` };
}

/** What an update must touch to count: `columns` and what stands in keys; null: every update counts. */
function watchedColumns(rule: CompiledRule, change: RowChange): Column[] | null {
  if (rule.columns === null || change.operation !== 'update') return null;
  return columnsOf(rule, change);
}

function columnsOf(rule: CompiledRule, { table }: RowChange): Column[] {
  const inKeys = rule.keys.flatMap(templateColumns).map(({ column }) => column);
  const find = (name: string): Column => columnOf(table, name, rule.name);
  return [...new Set([...(rule.columns ?? []), ...inKeys].map(find))];
}

function changedColumns(rule: CompiledRule, change: RowChange): Column[] {
  const columns = rule.columns === null ? change.table.columns : columnsOf(rule, change);
  return columns.filter((column) => isChanged(column, change));
}

function isChanged(column: Column, { before, after }: RowChange): boolean {
  return before !== null && after !== null && !sameValue(column, before, after);
}

function nullColumns(rule: CompiledRule, { table, before, after }: RowChange): string[] {
  const images = [before, after].filter((row): row is Row => row !== null);
  const inKeys = rule.keys.flatMap(templateColumns).filter((each) => !replacesNull(each));
  return [...new Set(inKeys.map(({ column }) => column))].filter((name) => {
    const column = columnOf(table, name, rule.name);
    return images.some((row) => valueOf(row, column) === null);
  });
}
