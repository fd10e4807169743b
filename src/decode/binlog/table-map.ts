import { charsetOf, textReader } from './charset.ts';
import { COLUMN } from './column-type.ts';
import type { StoredColumn } from './column-layout.ts';
import type { Cursor } from './cursor.ts';

/** What a TABLE_MAP event defines. */
export interface TableDefinition {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly StoredColumn[];
  /** Positions of the primary key's columns, in key order. */
  readonly primaryKey: readonly number[];
}

/** Fields behind the columns. Source: MySQL source code documentation, class Table_map_event, "Optional metadata fields". */
const FIELD = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  columnName: 4,
  setMembers: 5,
  enumMembers: 6,
  geometryType: 7,
  primaryKey: 8,
  primaryKeyWithPrefix: 9,
  enumDefaultCharset: 10,
  enumColumnCharset: 11,
} as const;

const NUMERIC: ReadonlySet<number> = new Set([
  COLUMN.tiny, COLUMN.short, COLUMN.int24, COLUMN.long, COLUMN.longlong, COLUMN.decimal, COLUMN.float, COLUMN.double, COLUMN.year,
]); // prettier-ignore
const STRINGS: ReadonlySet<number> = new Set([
  COLUMN.string, COLUMN.varchar, COLUMN.varString, COLUMN.blob, COLUMN.tinyBlob, COLUMN.mediumBlob, COLUMN.longBlob,
  COLUMN.compressedBlob, COLUMN.compressedVarchar,
]); // prettier-ignore
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

interface ColumnType {
  readonly type: number;
  readonly meta: readonly [number, number];
}

/** The event behind its table id and flags. Throws when something is unknown that the rows cannot be read without. */
export function parseTableMap(cursor: Cursor): TableDefinition {
  const database = name(cursor);
  const table = name(cursor);
  const types = columnTypes(cursor, `${database}.${table}`);
  // A bit for each column that may be NULL.
  cursor.skip((types.length + 7) >> 3);
  const fields = optionalFields(cursor);
  const names = columnNames(fields.get(FIELD.columnName));
  if (names.length !== types.length) {
    throw new Error(`${database}.${table} was logged without full metadata: SET GLOBAL binlog_row_metadata=FULL`);
  }
  const charsets = columnCharsets(fields, types);
  const members = columnMembers(fields, types, charsets);
  const unsigned = signBits(fields.get(FIELD.signedness), types);
  const geometries = geometryKinds(fields.get(FIELD.geometryType), types);
  const columns = types.map(({ type, meta }, index): StoredColumn => ({
    name: names[index] ?? '',
    type,
    meta,
    unsigned: unsigned.has(index),
    charset: charsets[index] ?? null,
    members: members[index] ?? [],
    geometry: geometries[index] ?? 0,
  })); // prettier-ignore
  return { database, table, columns, primaryKey: primaryKey(fields, columns.length) };
}

/** A length, the text, and a 0. */
function name(cursor: Cursor): string {
  const text = cursor.text(cursor.byte());
  cursor.skip(1);
  return text;
}

function columnTypes(cursor: Cursor, table: string): ColumnType[] {
  const count = cursor.packed();
  if (count === 0) throw new Error(`${table} has no columns`);
  const types = cursor.part(count);
  const metadata = cursor.part(cursor.packed());
  const columns: ColumnType[] = [];
  while (types.left > 0) columns.push(columnType(types.byte(), metadata, table));
  return columns;
}

function columnType(type: number, metadata: Cursor, table: string): ColumnType {
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

/** A type, a length, and so many bytes; what is not known is left out. */
function optionalFields(cursor: Cursor): Map<number, Cursor> {
  const fields = new Map<number, Cursor>();
  while (cursor.left > 0) {
    const type = cursor.byte();
    fields.set(type, cursor.part(cursor.packed()));
  }
  return fields;
}

function columnNames(field: Cursor | undefined): string[] {
  const names: string[] = [];
  while (field !== undefined && field.left > 0) names.push(field.text(field.packed()));
  return names;
}

function indexesOf(columns: readonly ColumnType[], types: ReadonlySet<number>): number[] {
  return columns.flatMap(({ type }, index) => (types.has(type) ? [index] : []));
}

/** A bit for each numeric column, the highest first. */
function signBits(field: Cursor | undefined, columns: readonly ColumnType[]): Set<number> {
  const unsigned = new Set<number>();
  if (field === undefined) return unsigned;
  const numeric = indexesOf(columns, NUMERIC);
  const at = field.skip((numeric.length + 7) >> 3);
  for (const [place, index] of numeric.entries()) {
    const bits = field.bytes[at + (place >> 3)] ?? 0;
    if ((bits & (0x80 >> (place & 7))) !== 0 && columns[index]?.type !== COLUMN.year) unsigned.add(index);
  }
  return unsigned;
}

const MEMBERS: ReadonlySet<number> = new Set([COLUMN.enum, COLUMN.set]);

/** By column; null: binary. Absent: a type without text. */
function columnCharsets(fields: ReadonlyMap<number, Cursor>, columns: readonly ColumnType[]): (string | null)[] {
  const collations = new Map<number, number>();
  for (const [types, usual, each] of [
    [STRINGS, FIELD.defaultCharset, FIELD.columnCharset],
    [MEMBERS, FIELD.enumDefaultCharset, FIELD.enumColumnCharset],
  ] as const) {
    const indexes = indexesOf(columns, types);
    readDefault(fields.get(usual), indexes, collations);
    readEach(fields.get(each), indexes, collations);
    for (const index of indexes) {
      if (!collations.has(index)) throw new Error(`column ${index + 1} was logged without its character set`);
    }
  }
  return columns.map((_, index) => {
    const collation = collations.get(index);
    return collation === undefined ? null : charsetOf(collation);
  });
}

/** The collation of most, then the places of the others (among the columns of those types) with theirs. */
function readDefault(field: Cursor | undefined, indexes: readonly number[], collations: Map<number, number>): void {
  if (field === undefined) return;
  const usual = field.packed();
  for (const index of indexes) collations.set(index, usual);
  while (field.left > 0) {
    const index = indexes[field.packed()];
    const collation = field.packed();
    if (index !== undefined) collations.set(index, collation);
  }
}

function readEach(field: Cursor | undefined, indexes: readonly number[], collations: Map<number, number>): void {
  if (field === undefined) return;
  for (const index of indexes) collations.set(index, field.packed());
}

/** Names of the members, in the column's own character set. */
function columnMembers(
  fields: ReadonlyMap<number, Cursor>,
  columns: readonly ColumnType[],
  charsets: readonly (string | null)[],
): string[][] {
  const members: string[][] = [];
  for (const [type, field] of [
    [COLUMN.set, fields.get(FIELD.setMembers)],
    [COLUMN.enum, fields.get(FIELD.enumMembers)],
  ] as const) {
    for (const index of indexesOf(columns, new Set([type]))) {
      if (field === undefined) throw new Error(`column ${index + 1} was logged without its members`);
      const charset = charsets[index] ?? null;
      const read = textReader(charset ?? 'utf8mb4');
      const names: string[] = [];
      for (let left = field.packed(); left > 0; left--) {
        const from = field.skip(field.packed());
        names.push(read(field.bytes, from, field.at));
      }
      members[index] = names;
    }
  }
  return members;
}

function geometryKinds(field: Cursor | undefined, columns: readonly ColumnType[]): number[] {
  const kinds: number[] = [];
  if (field === undefined) return kinds;
  for (const index of indexesOf(columns, new Set([COLUMN.geometry]))) kinds[index] = field.packed();
  return kinds;
}

function primaryKey(fields: ReadonlyMap<number, Cursor>, columns: number): number[] {
  const key: number[] = [];
  const plain = fields.get(FIELD.primaryKey);
  while (plain !== undefined && plain.left > 0) key.push(plain.packed());
  const prefixed = fields.get(FIELD.primaryKeyWithPrefix);
  while (prefixed !== undefined && prefixed.left > 0) {
    key.push(prefixed.packed());
    // How much of the column: the key itself needs all of it.
    prefixed.packed();
  }
  if (key.some((index) => index >= columns)) throw new Error('a primary key of columns that the table does not have');
  return key;
}
