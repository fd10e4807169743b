import type { Change, ChangeBatch, Row, RowChange, Table } from '../../model/row-change.ts';
import { neededColumns } from '../evaluate/needed-columns.ts';
import type { RuleSet } from '../rule-set.ts';
import { makeColumn, typeOfValues } from './column-types.ts';

/** A column that a rule names and a written row leaves out. */
export interface TakenColumn {
  readonly database: string;
  readonly table: string;
  readonly column: string;
}

export interface CompletedBatch {
  readonly batch: ChangeBatch;
  /** In the order of the changes and of the rules, each once. */
  readonly taken: readonly TakenColumn[];
}

/**
 * A row is seldom written in full, and a real table does have the columns that rules name. So every column that a rule about the table
 * needs for this change is added as NULL. Only where the table is declared it is really missing: `declared` tables stay as they are.
 */
export function completeRows(
  batch: ChangeBatch,
  declared: ReadonlySet<Table>,
  ruleSets: readonly RuleSet[],
): CompletedBatch {
  const taken: TakenColumn[] = [];
  const complete = new Map<Table, Table>();
  for (const table of new Set(batch.changes.filter(isRowChange).map((change) => change.table))) {
    if (declared.has(table)) continue;
    const missing = missingIn(table, batch, ruleSets);
    if (missing.length === 0) continue;
    complete.set(table, withColumns(table, missing));
    taken.push(...missing.map((column) => ({ database: table.database, table: table.name, column })));
  }
  if (taken.length === 0) return { batch, taken };
  const changes = batch.changes.map((change): Change => {
    const table = isRowChange(change) ? complete.get(change.table) : undefined;
    if (table === undefined || !isRowChange(change)) return change;
    return { ...change, table, before: withNulls(change.before, table), after: withNulls(change.after, table) };
  });
  return { batch: { ...batch, changes }, taken };
}

function missingIn(table: Table, { changes }: ChangeBatch, ruleSets: readonly RuleSet[]): string[] {
  const operations = new Set(
    changes.filter(isRowChange).flatMap((change) => (change.table === table ? [change.operation] : [])),
  );
  const needed = ruleSets
    .flatMap(({ rules }) => rules)
    .filter(({ tables }) => tables.some((pattern) => pattern.matches(table.database, table.name)))
    .flatMap((rule) =>
      [...operations].flatMap((operation) => {
        const action = rule.actions[operation];
        return action === undefined ? [] : neededColumns(rule, action);
      }),
    );
  const has = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  // Two rules may spell a column differently: it has no case.
  return needed.filter((name) => has.size < has.add(name.toLowerCase()).size);
}

function withColumns(table: Table, names: readonly string[]): Table {
  const columns = [...table.columns, ...names.map((name) => makeColumn(name, typeOfValues([])))];
  return { ...table, columns, columnsByName: new Map(columns.map((column) => [column.name, column])) };
}

function withNulls(row: Row | null, { columns }: Table): Row | null {
  return row === null ? null : Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]));
}

function isRowChange(change: Change): change is RowChange {
  return change.kind === 'row';
}
