import {
  HAS_AT,
  SAME_AT,
  VALUE_AT,
  type Column,
  type ColumnValue,
  type JsonValue,
  type Row,
  type Table,
} from '../../model/row-change.ts';
import { SluiceError } from '../../runtime/errors.ts';

/** The table's column of this name; upper and lower case are the same, as in MySQL. Throws RULE_COLUMN_MISSING. */
export function columnOf(table: Table, name: string, rule: string): Column {
  const lower = name.toLowerCase();
  const column = table.columnsByName.get(name) ?? table.columns.find((each) => each.name.toLowerCase() === lower);
  if (column !== undefined) return column;
  const names = table.columns.map((each) => each.name).join(', ');
  throw new SluiceError(
    'RULE_COLUMN_MISSING',
    `rule \`${rule}\` needs column \`${name}\`, but ${table.database}.${table.name} has: ${names}`,
  );
}

/** The value of a column in one image. An image without the column is not NULL: it tells nothing, and that stops the line. */
export function valueOf(row: Row, column: Column): ColumnValue {
  const value = valueIn(row, column);
  if (value !== undefined) return value;
  throw new SluiceError(
    'RULE_COLUMN_MISSING',
    `a row image comes without column \`${column.name}\`; the source must log full images (binlog_row_image=FULL)`,
  );
}

/** Undefined: the image does not have it. */
export function valueIn(row: Row, { place, name }: Column): ColumnValue {
  return place === undefined || row[VALUE_AT] === undefined ? row[name] : row[VALUE_AT](place);
}

export function jsonOf(row: Row, column: Column): JsonValue {
  const value = valueOf(row, column);
  return value === null ? null : column.json(value);
}

/**
 * Equal by meaning, before and after an update. Numbers and texts are what they are: the six digits of a FLOAT's text would hide a change. Buffers and
 * objects are new with every event, so their canonical text decides.
 */
export function sameValue(column: Column, before: Row, after: Row): boolean {
  const { place } = column;
  if (place !== undefined && before[SAME_AT]?.(place, after) === true) return true;
  const old = valueIn(before, column);
  const now = valueIn(after, column);
  // With binlog_row_image=MINIMAL or NOBLOB: what an update did not touch is in neither image, and what it did is in the second one, if
  // only as changes of a document that nobody knows.
  if (old === undefined || now === undefined) return old === now && !isThere(after, column);
  if (old === now) return true;
  if (typeof old !== 'object' || typeof now !== 'object' || old === null || now === null) return false;
  // Without the texts: those of two blobs would weigh four times as much as the blobs.
  if (Buffer.isBuffer(old) && Buffer.isBuffer(now)) return old.equals(now);
  return column.text(old) === column.text(now);
}

function isThere(row: Row, { place }: Column): boolean {
  return place !== undefined && row[HAS_AT]?.(place) === true;
}
