import type { Flavour } from '../../model/position.ts';
import { COLUMN } from './column-type.ts';
import type { StoredColumn } from './column-layout.ts';
import type { Cursor } from './cursor.ts';
import * as fields from './table-fields.ts';

/** What a TABLE_MAP event defines. */
export interface TableDefinition {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly StoredColumn[];
  /** Positions of the primary key's columns, in key order. */
  readonly primaryKey: readonly number[];
}

/** Types whose metadata has one byte; two; and none. */
const ONE_BYTE: ReadonlySet<number> = new Set([
  COLUMN.float, COLUMN.double, COLUMN.blob, COLUMN.compressedBlob, COLUMN.json, COLUMN.geometry, COLUMN.vector,
  COLUMN.timestamp, COLUMN.datetime, COLUMN.time,
]); // prettier-ignore
const TWO_BYTES: ReadonlySet<number> = new Set([
  COLUMN.varchar, COLUMN.varString, COLUMN.compressedVarchar, COLUMN.string, COLUMN.enum, COLUMN.set, COLUMN.decimal, COLUMN.bit,
]); // prettier-ignore
const NONE: ReadonlySet<number> = new Set([
  COLUMN.tiny, COLUMN.short, COLUMN.int24, COLUMN.long, COLUMN.longlong, COLUMN.date, COLUMN.year,
]); // prettier-ignore
/** Formats of before MySQL 5.6, which only MariaDB still has: the log does not say how long their values are. */
const OLD_TIMES: ReadonlySet<number> = new Set([COLUMN.oldTimestamp, COLUMN.oldTime, COLUMN.oldDatetime]);

/** The event behind its table id and flags. Throws when something is unknown that the rows cannot be read without. */
export function parseTableMap(cursor: Cursor, flavour: Flavour): TableDefinition {
  const database = name(cursor);
  const table = name(cursor);
  const types = columnTypes(cursor, `${database}.${table}`);
  // A bit for each column that may be NULL.
  cursor.skip((types.length + 7) >> 3);
  const logged = fields.readFields(cursor);
  const names = fields.columnNames(logged);
  if (names.length !== types.length) {
    throw new Error(`${database}.${table} was logged without full metadata: SET GLOBAL binlog_row_metadata=FULL`);
  }
  const unsigned = fields.unsignedColumns(logged, types);
  const charsets = fields.columnCharsets(logged, types, flavour);
  const members = fields.columnMembers(logged, types, charsets);
  const geometries = fields.geometryKinds(logged, types);
  const columns = types.map(({ type, meta }, index): StoredColumn => ({
    name: names[index] ?? '',
    type,
    meta,
    unsigned: unsigned.has(index),
    charset: charsets.get(index) ?? null,
    members: members.get(index) ?? [],
    geometry: geometries.get(index) ?? 0,
  })); // prettier-ignore
  return { database, table, columns, primaryKey: fields.primaryKey(logged, columns.length) };
}

/** A length, the text, and a 0. */
function name(cursor: Cursor): string {
  const text = cursor.text(cursor.byte());
  cursor.skip(1);
  return text;
}

function columnTypes(cursor: Cursor, table: string): fields.ColumnType[] {
  const count = cursor.packed();
  if (count === 0) throw new Error(`${table} has no columns`);
  const types = cursor.part(count);
  const metadata = cursor.part(cursor.packed());
  const columns: fields.ColumnType[] = [];
  while (types.left > 0) columns.push(columnType(types.byte(), metadata, table));
  if (metadata.left > 0) throw new Error(`${table} has metadata of more columns than it has`);
  return columns;
}

function columnType(type: number, metadata: Cursor, table: string): fields.ColumnType {
  if (OLD_TIMES.has(type)) {
    throw new Error(`${table} has dates in the format of MariaDB 5.3: ALTER TABLE ${table} FORCE writes them anew`);
  }
  if (ONE_BYTE.has(type)) return { type, meta: [metadata.byte(), 0] };
  if (NONE.has(type)) return { type, meta: [0, 0] };
  if (!TWO_BYTES.has(type)) throw new Error(`${table} has a column of type ${type}, which is not known to Sluice`);
  const meta = [metadata.byte(), metadata.byte()] as const;
  const [real] = meta;
  return type === COLUMN.string && (real === COLUMN.enum || real === COLUMN.set)
    ? { type: real, meta }
    : { type, meta };
}
