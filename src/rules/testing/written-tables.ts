import type { Column, Row, Table } from '../../model/row-change.ts';
import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import type { Path } from '../../runtime/config/path.ts';
import { parseTableName, type TableName, type WrittenRow } from './change-schema.ts';
import { makeColumn, typeOfValues, type ColumnType } from './column-types.ts';
import type { WrittenTables } from './test-schema.ts';

/** Called for each mistake; `at` is `key` when the name is wrong and not the value. */
export type Report = (path: Path, message: string, remedy: string, at?: 'value' | 'key') => void;

export interface TypedTable {
  readonly table: Table;
  readonly types: ReadonlyMap<string, ColumnType>;
}

/** The tables of a file, by `database.table`. One Table object each: rules are bound once for all tests. */
export function declareTables(written: WrittenTables | undefined, report: Report): Map<string, TypedTable> {
  const tables = new Map<string, TypedTable>();
  for (const [text, { columns, primary_key: primaryKey }] of Object.entries(written ?? {})) {
    const path = ['tables', text];
    const name = parseTableName(text);
    if ('problems' in name) {
      for (const { message, remedy } of name.problems) report(path, message, remedy, 'key');
      continue;
    }
    const types = new Map(Object.entries(columns));
    primaryKey.forEach((column, index) => {
      if (types.has(column)) return;
      report([...path, 'primary_key', index], `there is no column \`${column}\` in ${text}`, hint(column, types));
    });
    tables.set(text, { types, table: makeTable(name.ok, types, primaryKey) });
  }
  return tables;
}

/** A table that nobody declared has the columns that its rows give, and no primary key. */
export function tableOfRows(name: TableName, rows: readonly WrittenRow[]): TypedTable {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const valuesOf = (column: string): unknown[] =>
    rows.map((row) => row[column]).filter((value) => value !== null && value !== undefined);
  const types = new Map(columns.map((column) => [column, typeOfValues(valuesOf(column))]));
  return { types, table: makeTable(name, types, []) };
}

/** The row with every column of the table; those it does not give are taken from `base`, or NULL. */
export function readRow(
  { table, types }: TypedTable,
  written: WrittenRow,
  { base, path, report }: { readonly base: Row | null; readonly path: Path; readonly report: Report },
): Row {
  const row: Record<string, unknown> = Object.fromEntries(
    table.columns.map(({ name }) => [name, base?.[name] ?? null]),
  );
  for (const [name, value] of Object.entries(written)) {
    const column = findColumn(table, name);
    const type = column === undefined ? undefined : types.get(column.name);
    if (column === undefined || type === undefined) {
      report(
        [...path, name],
        `there is no column \`${name}\` in ${table.database}.${table.name}`,
        hint(name, types),
        'key',
      );
      continue;
    }
    row[column.name] = value === null ? null : readValue(type, value, [...path, name], report);
  }
  return row;
}

function readValue(type: ColumnType, value: unknown, path: Path, report: Report): string | null {
  const read = type.read(value);
  if ('ok' in read) return read.ok;
  for (const { message, remedy } of read.problems) report(path, message, remedy);
  return null;
}

function makeTable(
  { database, table }: TableName,
  types: ReadonlyMap<string, ColumnType>,
  primaryKey: readonly string[],
): Table {
  const columns = [...types].map(([name, type]) => makeColumn(name, type));
  const columnsByName = new Map(columns.map((column) => [column.name, column]));
  return { database, name: table, columns, columnsByName, primaryKey };
}

/** Column names have no case in MySQL. */
function findColumn(table: Table, name: string): Column | undefined {
  return (
    table.columnsByName.get(name) ?? table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  );
}

function hint(name: string, types: ReadonlyMap<string, ColumnType>): string {
  return (
    didYouMean(name, [...types.keys()]) ?? `It has ${[...types.keys()].join(', ')}. Add the column under \`tables\`.`
  );
}
