import { isUtf8 } from 'node:buffer';
import type { Flavour } from '../../model/position.ts';
import { charsetOf, textReader } from './charset.ts';
import { COLUMN } from './column-type.ts';
import type { Cursor } from './cursor.ts';

/** The type and the metadata of a column: what stands before the fields. */
export interface ColumnType {
  readonly type: number;
  readonly meta: readonly [number, number];
}

/** By type; what is not known is left out. */
export type TableFields = ReadonlyMap<number, Cursor>;

/** Source: MySQL source code documentation, class Table_map_event, "Optional metadata fields". */
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
const STRINGS = [
  COLUMN.string, COLUMN.varchar, COLUMN.varString, COLUMN.blob, COLUMN.tinyBlob, COLUMN.mediumBlob, COLUMN.longBlob,
  COLUMN.compressedBlob, COLUMN.compressedVarchar,
]; // prettier-ignore
/**
 * Types that have a collation in the log, if only `binary`. Source: is_character_type in MySQL's log_event.cc, Field_geom::binlog_type_info
 * in MariaDB's sql_type_geom.cc.
 */
const WITH_COLLATION: Readonly<Record<Flavour, ReadonlySet<number>>> = {
  mysql: new Set([...STRINGS, COLUMN.vector]),
  mariadb: new Set([...STRINGS, COLUMN.geometry]),
};
const WITH_MEMBERS: ReadonlySet<number> = new Set([COLUMN.enum, COLUMN.set]);

/** A type, a length, and so many bytes. */
export function readFields(cursor: Cursor): TableFields {
  const fields = new Map<number, Cursor>();
  while (cursor.left > 0) {
    const type = cursor.byte();
    fields.set(type, cursor.part(cursor.packed()));
  }
  return fields;
}

/** Empty without full metadata. */
export function columnNames(fields: TableFields): string[] {
  const field = fields.get(FIELD.columnName);
  const names: string[] = [];
  while (field !== undefined && field.left > 0) names.push(field.text(field.packed()));
  return names;
}

/** Of each numeric column: is it unsigned? A bit for each, the highest first. */
export function unsignedColumns(fields: TableFields, columns: readonly ColumnType[]): ReadonlySet<number> {
  const unsigned = new Set<number>();
  const numeric = indexesOf(columns, NUMERIC);
  readAll(fields.get(FIELD.signedness), numeric, 'sign', (field) => {
    const bytes = field.copy((numeric.length + 7) >> 3);
    for (let place = 0; place < bytes.length * 8; place++) {
      if (((bytes[place >> 3] ?? 0) & (0x80 >> (place & 7))) === 0) continue;
      const index = numeric[place];
      if (index === undefined) throw tooMany('sign');
      if (columns[index]?.type !== COLUMN.year) unsigned.add(index);
    }
  });
  return unsigned;
}

/** By column; null: binary. Absent: a type without text. */
export function columnCharsets(
  fields: TableFields,
  columns: readonly ColumnType[],
  flavour: Flavour,
): ReadonlyMap<number, string | null> {
  const charsets = new Map<number, string | null>();
  for (const [types, usual, each] of [
    [WITH_COLLATION[flavour], FIELD.defaultCharset, FIELD.columnCharset],
    [WITH_MEMBERS, FIELD.enumDefaultCharset, FIELD.enumColumnCharset],
  ] as const) {
    const indexes = indexesOf(columns, types);
    const set = (index: number, collation: number): unknown => charsets.set(index, charsetOf(collation));
    const mostly = fields.get(usual);
    if (mostly === undefined) {
      readAll(fields.get(each), indexes, 'character set', (field) => {
        for (const index of indexes) set(index, field.packed());
      });
    } else {
      // The collation of most, then the places of the others (among the columns of those types) with theirs.
      readAll(mostly, indexes, 'character set', (field) => {
        const collation = field.packed();
        for (const index of indexes) set(index, collation);
        while (field.left > 0) {
          const index = indexes[field.packed()];
          if (index === undefined) throw tooMany('character set');
          set(index, field.packed());
        }
      });
    }
  }
  return charsets;
}

/** Names of the members of each ENUM and SET, in the column's own character set. */
export function columnMembers(
  fields: TableFields,
  columns: readonly ColumnType[],
  charsets: ReadonlyMap<number, string | null>,
): ReadonlyMap<number, readonly string[]> {
  const members = new Map<number, readonly string[]>();
  for (const [type, key] of [
    [COLUMN.set, FIELD.setMembers],
    [COLUMN.enum, FIELD.enumMembers],
  ] as const) {
    const indexes = indexesOf(columns, new Set([type]));
    readAll(fields.get(key), indexes, 'list of members', (field) => {
      for (const index of indexes) {
        const names: string[] = [];
        const charset = charsets.get(index) ?? null;
        for (let left = field.packed(); left > 0; left--) names.push(memberText(field.copy(field.packed()), charset));
        members.set(index, names);
      }
    });
  }
  return members;
}

/** A member of a binary column need not be text: it is written as MySQL writes it in the type, and no two are the same. */
function memberText(name: Buffer, charset: string | null): string {
  if (charset === null && !isUtf8(name)) return `x'${name.toString('hex')}'`;
  return textReader(charset ?? 'utf8mb4')(name, 0, name.length);
}

/** 0 … 7, of each GEOMETRY. */
export function geometryKinds(fields: TableFields, columns: readonly ColumnType[]): ReadonlyMap<number, number> {
  const kinds = new Map<number, number>();
  const indexes = indexesOf(columns, new Set([COLUMN.geometry]));
  readAll(fields.get(FIELD.geometryType), indexes, 'kind of geometry', (field) => {
    for (const index of indexes) kinds.set(index, field.packed());
  });
  return kinds;
}

/** Positions of its columns, in key order. */
export function primaryKey(fields: TableFields, columns: number): number[] {
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

function indexesOf(columns: readonly ColumnType[], types: ReadonlySet<number>): number[] {
  return columns.flatMap(({ type }, index) => (types.has(type) ? [index] : []));
}

/**
 * A field says something of each of these columns, and of no other. A column that it counts and we do not would give every later one what
 * belongs to its neighbour, and nobody would see it: so it has to fit exactly.
 */
function readAll(
  field: Cursor | undefined,
  indexes: readonly number[],
  what: string,
  read: (field: Cursor) => void,
): void {
  const [first] = indexes;
  if (first === undefined) {
    if (field !== undefined) throw tooMany(what);
    return;
  }
  if (field === undefined) throw new Error(`column ${first + 1} was logged without its ${what}`);
  read(field);
  if (field.left > 0) throw tooMany(what);
}

function tooMany(what: string): Error {
  return new Error(`the log has a ${what} for more columns than are known to have one`);
}
