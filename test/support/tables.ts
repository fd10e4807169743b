import type { Column, JsonValue, Operation, Row, RowChange, Table } from '../../src/model/row-change.ts';

export interface TableOptions {
  readonly primaryKey?: readonly string[];
}

/** A column whose text is String(value) and whose JSON is the value itself. */
function makeColumn(name: string): Column {
  return { name, type: 'varchar', text: (value) => String(value), json: (value) => value as JsonValue };
}

export function makeTable(
  database: string,
  name: string,
  columnNames: readonly string[],
  options: TableOptions = {},
): Table {
  const columns = columnNames.map(makeColumn);
  return {
    database,
    name,
    columns,
    columnsByName: new Map(columns.map((column) => [column.name, column])),
    primaryKey: options.primaryKey ?? [],
  };
}

/** A row change of one transaction; the images say which operation it is. */
export function makeChange(table: Table, before: Row | null, after: Row | null, version = 1): RowChange {
  const operation: Operation = before === null ? 'insert' : after === null ? 'delete' : 'update';
  return {
    kind: 'row',
    operation,
    table,
    before,
    after,
    version,
    transaction: {
      gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23',
      commitTimeUs: 1_700_000_000_123_456,
      begin: { file: 'binlog.000007', offset: 4242 },
    },
  };
}
