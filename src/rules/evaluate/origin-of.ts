import type { ChangeOrigin } from '../../model/invalidation.ts';
import type { Change, Column, JsonValue, Row, RowChange } from '../../model/row-change.ts';
import { keyObject, RowOrigin, type OriginContext, type TableName } from '../../model/row-origin.ts';
import { valueIn } from './column-reader.ts';

/** How an origin names the table of a change that is about every table of a database. */
export const EVERY_TABLE = '*';

/** `keyColumns` are those of the primary key, in key order; null when it is about more than one row. */
export function originOf(
  change: Change,
  place: TableName,
  keyColumns: readonly Column[] | null,
  context: OriginContext,
): RowOrigin {
  const row = change.kind === 'row' ? (change.before ?? change.after) : null;
  const columns = row === null || keyColumns?.length === 0 ? null : keyColumns;
  const value = row === null || columns === null ? null : keyValue(row, columns);
  return new RowOrigin(change.operation, change.transaction, place, context, columns, value);
}

/** `columns` are those of the primary key, in key order. */
export function primaryKeyOf({ before, after }: RowChange, columns: readonly Column[]): ChangeOrigin['primaryKey'] {
  const row = before ?? after;
  return row === null || columns.length === 0 ? null : keyObject(columns, keyValue(row, columns));
}

function keyValue(row: Row, columns: readonly Column[]): JsonValue {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return jsonIn(row, only);
  return columns.map((column) => jsonIn(row, column));
}

function jsonIn(row: Row, column: Column): JsonValue {
  const value = valueIn(row, column);
  return value === null || value === undefined ? null : column.json(value);
}
