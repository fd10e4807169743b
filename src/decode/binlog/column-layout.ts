import { COLUMN } from './column-type.ts';
import { textReader } from './charset.ts';
import { decimalBytes, decimalText } from './decimal.ts';
import { parseGeometry } from './geometry.ts';
import { uint32 } from './header.ts';
import { parseJsonBinary } from './json-binary.ts';
import { jsonText } from './json-node.ts';
import { uncompressedValue } from './mariadb-compression.ts';
import * as temporal from './temporal.ts';

/** What a TABLE_MAP event says of a column. */
export interface StoredColumn {
  readonly name: string;
  /** The real one: ENUM and SET are logged as strings. */
  readonly type: number;
  /** Two bytes, whose meaning depends on the type; the second is 0 where there is one. */
  readonly meta: readonly [number, number];
  readonly unsigned: boolean;
  /** Null: binary, or a type without text. */
  readonly charset: string | null;
  /** Members of an ENUM or SET. */
  readonly members: readonly string[];
  /** 0 … 7, of a GEOMETRY column. */
  readonly geometry: number;
}

/** The value in bytes that begin at `at`. What the values are: src/decode/canonical-text.ts. */
export type ValueReader<T = unknown> = (bytes: Buffer, at: number) => T;

/** How a column stands in a row image. */
export interface ColumnLayout {
  /** The type in words, as the server declares it. */
  readonly words: string;
  /** Bytes of a value; negative: the value begins with its length in so many bytes. */
  readonly size: number;
  readonly read: ValueReader;
}

/** Where a row ends is known before anything in it is read: no bounds are checked here. */
const byte: ValueReader<number> = (bytes, at) => bytes[at] ?? 0;
const two: ValueReader<number> = (bytes, at) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const three: ValueReader<number> = (bytes, at) => two(bytes, at) | ((bytes[at + 2] ?? 0) << 16);
const signed =
  (read: ValueReader<number>, bits: number): ValueReader<number> =>
  (bytes, at) =>
    (read(bytes, at) << (32 - bits)) >> (32 - bits);

/** Its name, its bytes, and how it is read with and without a sign. */
const INTEGERS = new Map<number, readonly [string, number, ValueReader, ValueReader]>([
  [COLUMN.tiny, ['tinyint', 1, signed(byte, 8), byte]],
  [COLUMN.short, ['smallint', 2, signed(two, 16), two]],
  [COLUMN.int24, ['mediumint', 3, signed(three, 24), three]],
  [COLUMN.long, ['int', 4, (bytes, at) => uint32(bytes, at) | 0, uint32]],
  [COLUMN.longlong, ['bigint', 8, bigint, unsignedBigint]],
]);

const BLOBS = new Map<number, readonly [string, string]>([
  [1, ['tinyblob', 'tinytext']],
  [2, ['blob', 'text']],
  [3, ['mediumblob', 'mediumtext']],
  [4, ['longblob', 'longtext']],
]);

const GEOMETRIES = ['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection']; // prettier-ignore

/** Throws for a type that is not known. */
export function columnLayout(column: StoredColumn): ColumnLayout {
  const { type, meta, unsigned } = column;
  const sign = unsigned ? ' unsigned' : '';
  const integer = INTEGERS.get(type);
  if (integer !== undefined) {
    const [word, size, signedRead, unsignedRead] = integer;
    return { words: word + sign, size, read: unsigned ? unsignedRead : signedRead };
  }
  const [first, second] = meta;
  switch (type) {
    case COLUMN.float:
      return { words: `float${sign}`, size: 4, read: (bytes, at) => bytes.readFloatLE(at) };
    case COLUMN.double:
      return { words: `double${sign}`, size: 8, read: (bytes, at) => bytes.readDoubleLE(at) };
    case COLUMN.decimal: {
      if (second > first || first > 65) throw new Error(`column ${column.name} is a DECIMAL(${first},${second})`);
      const read: ValueReader = (bytes, at) => decimalText(bytes, at, first, second);
      return { words: `decimal${sign}`, size: decimalBytes(first, second), read };
    }
    case COLUMN.year:
      return { words: 'year', size: 1, read: (bytes, at) => temporal.yearText(bytes.readUInt8(at)) };
    case COLUMN.date:
      return { words: 'date', size: 3, read: temporal.dateText };
    case COLUMN.datetime:
      return withDecimals(column, 'datetime', 5, temporal.datetimeText);
    case COLUMN.timestamp:
      return withDecimals(column, 'timestamp', 4, temporal.timestampText);
    case COLUMN.time:
      return withDecimals(column, 'time', 3, temporal.timeText);
    case COLUMN.bit: {
      const size = second + (first > 0 ? 1 : 0);
      return { words: 'bit', size, read: (bytes, at) => exact(bigEndian(bytes, at, size)) };
    }
    case COLUMN.enum:
      return { words: `enum(${quoted(column.members)})`, size: wholeBytes(column, 2), read: enumReader(column) };
    case COLUMN.set:
      return { words: `set(${quoted(column.members)})`, size: wholeBytes(column, 8), read: setReader(column) };
    case COLUMN.json:
      return sized('json', first, (bytes, from, to) => jsonText(parseJsonBinary(bytes, from, to)));
    case COLUMN.geometry:
      return sized(GEOMETRIES[column.geometry] ?? 'geometry', first, parseGeometry);
    case COLUMN.vector:
      return sized('vector', first, (bytes, from, to) => bytes.subarray(from, to));
    default:
      return stringLayout(column);
  }
}

function stringLayout({ name, type, meta, charset }: StoredColumn): ColumnLayout {
  const [first, second] = meta;
  const isText = charset !== null;
  const content: Content = isText ? textReader(charset) : (bytes, from, to) => bytes.subarray(from, to);
  switch (type) {
    case COLUMN.string: {
      // The two highest bits of the length are kept in the type, turned over.
      const bytes = second + (((first & 0x30) ^ 0x30) << 4);
      return sized(isText ? 'char' : 'binary', bytes > 255 ? 2 : 1, isText ? content : padded(bytes));
    }
    case COLUMN.varchar:
    case COLUMN.varString:
      return sized(isText ? 'varchar' : 'varbinary', first + second * 256 > 255 ? 2 : 1, content);
    case COLUMN.compressedVarchar:
      return sized(isText ? 'varchar' : 'varbinary', first + second * 256 > 255 ? 2 : 1, compressed(content));
    case COLUMN.blob:
    case COLUMN.compressedBlob: {
      const words = BLOBS.get(first);
      if (words === undefined) throw new Error(`column ${name} is a BLOB with a length of ${first} bytes`);
      return sized(words[isText ? 1 : 0], first, type === COLUMN.blob ? content : compressed(content));
    }
    default:
      throw new Error(`column ${name} is of type ${type}, which is not known to Sluice`);
  }
}

type Content = (bytes: Buffer, from: number, to: number) => unknown;

/** A value behind its length. */
function sized(words: string, lengthBytes: number, content: Content): ColumnLayout {
  if (lengthBytes < 1 || lengthBytes > 4) throw new Error(`a ${words} with a length of ${lengthBytes} bytes`);
  const read: ValueReader = (bytes, at) => {
    const from = at + lengthBytes;
    return content(bytes, from, from + bytes.readUIntLE(at, lengthBytes));
  };
  return { words, size: -lengthBytes, read };
}

/** The log leaves zeros at the end out. */
function padded(length: number): Content {
  return (bytes, from, to) => {
    if (to - from >= length) return bytes.subarray(from, to);
    const value = Buffer.alloc(length);
    bytes.copy(value, 0, from, to);
    return value;
  };
}

function compressed(content: Content): Content {
  return (bytes, from, to) => {
    const value = uncompressedValue(bytes, from, to);
    return content(value, 0, value.length);
  };
}

function withDecimals(
  { name, meta: [decimals] }: StoredColumn,
  words: string,
  wholeBytes: number,
  text: (bytes: Buffer, at: number, decimals: number) => string,
): ColumnLayout {
  if (decimals > 6) throw new Error(`column ${name} is a ${words} with ${decimals} decimals`);
  return { words, size: wholeBytes + temporal.fractionBytes(decimals), read: (bytes, at) => text(bytes, at, decimals) };
}

function enumReader({ name, members, meta: [, size] }: StoredColumn): ValueReader {
  return (bytes, at) => {
    const index = bytes.readUIntLE(at, size);
    // What a server that is not strict stores for anything that is not in the list.
    const member = index === 0 ? '' : members[index - 1];
    if (member === undefined) throw new Error(`${name} has no member ${index}`);
    return member;
  };
}

function setReader({ name, members, meta: [, size] }: StoredColumn): ValueReader {
  return (bytes, at) => {
    const held: string[] = [];
    for (let bit = 0; bit < size * 8; bit++) {
      if (((bytes[at + (bit >> 3)] ?? 0) & (1 << (bit & 7))) === 0) continue;
      const member = members[bit];
      if (member === undefined) throw new Error(`${name} has no member ${bit + 1}`);
      held.push(member);
    }
    return held.join(',');
  };
}

function wholeBytes({ name, meta: [, size] }: StoredColumn, most: number): number {
  if (size < 1 || size > most) throw new Error(`column ${name} has values of ${size} bytes`);
  return size;
}

function quoted(members: readonly string[]): string {
  return members.map((member) => `'${member.replaceAll("'", "''")}'`).join(',');
}

function bigint(bytes: Buffer, at: number): number | string {
  const value = (uint32(bytes, at + 4) | 0) * 0x100000000 + uint32(bytes, at);
  return Number.isSafeInteger(value) ? value : String(bytes.readBigInt64LE(at));
}

function unsignedBigint(bytes: Buffer, at: number): number | string {
  const value = uint32(bytes, at + 4) * 0x100000000 + uint32(bytes, at);
  return Number.isSafeInteger(value) ? value : String(bytes.readBigUInt64LE(at));
}

function bigEndian(bytes: Buffer, at: number, size: number): bigint {
  let value = 0n;
  for (let index = 0; index < size; index++) value = value * 256n + BigInt(bytes.readUInt8(at + index));
  return value;
}

/** A number where it is exact, else its digits. */
function exact(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}
