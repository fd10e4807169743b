import type { Epochs } from '../../model/position.ts';
import type { Change, ChangeBatch, RowChange, TableOperation, Transaction } from '../../model/row-change.ts';
import type { Path } from '../../runtime/config/path.ts';
import type { TableName, WrittenChange, WrittenRow } from './change-schema.ts';
import { readRow, tableOfRows, type Report, type TypedTable } from './written-tables.ts';

/** Changes as they are written, and where: of one `change`, or of a `transaction`. */
export interface Happening {
  readonly change?: WrittenChange | undefined;
  readonly transaction?: readonly WrittenChange[] | undefined;
  readonly epochs?: Readonly<Record<string, number>> | undefined;
}

export interface BuildOptions {
  readonly declared: ReadonlyMap<string, TypedTable>;
  /** Where the happening stands in its document. */
  readonly path: Path;
  readonly report: Report;
}

/** A written change happened in no binlog: its time is always the same, so that tests are. */
const TRANSACTION: Transaction = {
  gtid: null,
  commitTimeUs: Date.UTC(2026, 0, 1) * 1000,
  begin: { file: 'written', offset: 4 },
};

/** One whole transaction, as the decoder would deliver it. Mistakes are reported; the batch is then of no use. */
export function buildBatch(happening: Happening, options: BuildOptions): ChangeBatch {
  const written = located(happening, options.path);
  const tables = tablesOf(written, options.declared);
  const first = Math.max(0, ...epochsOf(happening).values()) + 1;
  const changes = written.map((each, index) => buildChange(each, tables, first + index, options.report));
  const end = { coordinates: TRANSACTION.begin, gtids: [], lastVersion: first + written.length - 1 };
  return { changes, sizeBytes: 0, end, commitTimeMs: TRANSACTION.commitTimeUs / 1000 };
}

export function epochsOf({ epochs }: Happening): Epochs {
  return new Map(Object.entries(epochs ?? {}));
}

interface LocatedChange {
  readonly change: WrittenChange;
  readonly path: Path;
}

function located({ change, transaction }: Happening, path: Path): LocatedChange[] {
  if (change !== undefined) return [{ change, path: [...path, 'change'] }];
  return (transaction ?? []).map((each, index) => ({ change: each, path: [...path, 'transaction', index] }));
}

/** Rows of one transaction share their table, as they do in the binlog. */
function tablesOf(
  written: readonly LocatedChange[],
  declared: ReadonlyMap<string, TypedTable>,
): ReadonlyMap<string, TypedTable> {
  const rows = new Map<string, { readonly name: TableName; readonly rows: WrittenRow[] }>();
  for (const { change } of written) {
    if (change.table === undefined) continue;
    const of = rows.get(fullName(change.table)) ?? { name: change.table, rows: [] };
    rows.set(fullName(change.table), of);
    of.rows.push(...[change.insert, change.update?.before, change.update?.after, change.delete].filter(isRow));
  }
  return new Map([...rows].map(([name, of]) => [name, declared.get(name) ?? tableOfRows(of.name, of.rows)]));
}

function buildChange(
  { change, path }: LocatedChange,
  tables: ReadonlyMap<string, TypedTable>,
  version: number,
  report: Report,
): Change {
  const typed = change.table === undefined ? undefined : tables.get(fullName(change.table));
  const shared = { version, transaction: TRANSACTION };
  if (typed === undefined || isTableChange(change)) {
    const database = change.table?.database ?? change.database ?? '';
    return {
      kind: 'table',
      operation: tableOperation(change),
      database,
      table: change.table?.table ?? null,
      ...shared,
    };
  }
  const row = (written: WrittenRow, name: string, base: RowChange['before'] = null) =>
    readRow(typed, written, { base, path: [...path, ...name.split('.')], report });
  const { insert, update, delete: deleted } = change;
  if (update !== undefined) {
    const before = row(update.before, 'update.before');
    const after = row(update.after, 'update.after', before);
    return { kind: 'row', operation: 'update', table: typed.table, before, after, ...shared };
  }
  if (insert !== undefined) {
    return {
      kind: 'row',
      operation: 'insert',
      table: typed.table,
      before: null,
      after: row(insert, 'insert'),
      ...shared,
    };
  }
  return {
    kind: 'row',
    operation: 'delete',
    table: typed.table,
    before: row(deleted ?? {}, 'delete'),
    after: null,
    ...shared,
  };
}

function isTableChange({ insert, update, delete: deleted }: WrittenChange): boolean {
  return insert === undefined && update === undefined && deleted === undefined;
}

function tableOperation({ truncate, drop, rename }: WrittenChange): TableOperation {
  if (truncate !== undefined) return 'truncate';
  if (drop !== undefined) return 'drop';
  return rename === undefined ? 'alter' : 'rename';
}

const fullName = ({ database, table }: TableName): string => `${database}.${table}`;

const isRow = (row: WrittenRow | undefined): row is WrittenRow => row !== undefined;
