import { doubleText, MYSQL_DOUBLE } from '../../model/number-text.ts';
import { Cursor } from './cursor.ts';
import { decimalBytes, decimalText } from './decimal.ts';
import { MAX_DEPTH, type JsonNode } from './json-node.ts';
import { packedDatetimeText, packedTimeText } from './temporal.ts';

/**
 * The binary form of JSON columns: a type byte and a value. An object or array begins with its number of elements and its size, then
 * an entry for each name and value; offsets count from there, in two bytes ("small") or four.
 * Source: MySQL source code, sql-common/json_binary.h.
 */
const TYPE = {
  smallObject: 0,
  largeObject: 1,
  smallArray: 2,
  largeArray: 3,
  literal: 4,
  int16: 5,
  uint16: 6,
  int32: 7,
  uint32: 8,
  int64: 9,
  uint64: 10,
  double: 11,
  string: 12,
  opaque: 15,
} as const;
const LITERALS = ['null', 'true', 'false'] as const;

/** Column types that a document holds as such. */
const OPAQUE = { timestamp: 7, date: 10, time: 11, datetime: 12, decimal: 246 } as const;

/** A part of a document: values are never read beyond its end. */
interface Part {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Throws when the bytes are no document. An empty one is `null`, as the server reads it. */
export function parseJsonBinary(bytes: Buffer, from: number, to: number): JsonNode {
  if (from === to) return 'null';
  return value({ bytes, from: from + 1, to }, bytes[from] ?? 0, { left: to - from }, 0);
}

/**
 * `budget`: a sound document has no more elements than bytes; a damaged one can have offsets that lead to the same place again and
 * again, and would grow without an end.
 */
function value(part: Part, type: number, budget: { left: number }, depth: number): JsonNode {
  if (--budget.left < 0 || depth > MAX_DEPTH) throw new Error('a JSON document that goes round in circles');
  switch (type) {
    case TYPE.smallObject:
    case TYPE.largeObject:
    case TYPE.smallArray:
    case TYPE.largeArray:
      return container(part, type, budget, depth);
    case TYPE.literal:
      return literal(at(part, 0, 1)[0] ?? -1);
    case TYPE.int16:
      return String(at(part, 0, 2).readInt16LE());
    case TYPE.uint16:
      return String(at(part, 0, 2).readUInt16LE());
    case TYPE.int32:
      return String(at(part, 0, 4).readInt32LE());
    case TYPE.uint32:
      return String(at(part, 0, 4).readUInt32LE());
    case TYPE.int64:
      return String(at(part, 0, 8).readBigInt64LE());
    case TYPE.uint64:
      return String(at(part, 0, 8).readBigUInt64LE());
    case TYPE.double:
      return double(at(part, 0, 8).readDoubleLE());
    case TYPE.string: {
      const text = sized(part, 0);
      return JSON.stringify(text.toString('utf8'));
    }
    case TYPE.opaque:
      return opaque(at(part, 0, 1)[0] ?? 0, sized(part, 1));
    default:
      throw new Error(`a JSON value of type ${type}, which is not known to Sluice`);
  }
}

function container(part: Part, type: number, budget: { left: number }, depth: number): JsonNode {
  const isObject = type === TYPE.smallObject || type === TYPE.largeObject;
  const width = type === TYPE.smallObject || type === TYPE.smallArray ? 2 : 4;
  const head = at(part, 0, 2 * width);
  const count = head.readUIntLE(0, width);
  const size = head.readUIntLE(width, width);
  if (size < 2 * width || part.from + size > part.to) throw new Error('a JSON value that is longer than its document');
  const inside = { ...part, to: part.from + size };
  const names = 2 * width;
  const values = names + (isObject ? count * (width + 2) : 0);
  const entry = (index: number): JsonNode => {
    const place = values + index * (1 + width);
    const entryType = at(inside, place, 1)[0] ?? 0;
    if (isInline(entryType, width)) return value({ ...inside, from: inside.from + place + 1 }, entryType, budget, depth + 1); // prettier-ignore
    const offset = at(inside, place + 1, width).readUIntLE(0, width);
    if (offset < values || offset >= size) throw new Error('a JSON value outside its document');
    return value({ ...inside, from: inside.from + offset }, entryType, budget, depth + 1);
  };
  if (!isObject) {
    const list: JsonNode[] = [];
    for (let index = 0; index < count; index++) list.push(entry(index));
    return list;
  }
  const members = new Map<string, JsonNode>();
  for (let index = 0; index < count; index++) {
    const place = at(inside, names + index * (width + 2), width + 2);
    const name = at(inside, place.readUIntLE(0, width), place.readUInt16LE(width)).toString('utf8');
    members.set(name, entry(index));
  }
  return members;
}

/** Literals and small integers stand in the entry itself. */
function isInline(type: number, width: number): boolean {
  if (type === TYPE.literal || type === TYPE.int16 || type === TYPE.uint16) return true;
  return width === 4 && (type === TYPE.int32 || type === TYPE.uint32);
}

function at({ bytes, from, to }: Part, offset: number, count: number): Buffer {
  const begin = from + offset;
  if (!(begin + count <= to)) throw new Error('a JSON value that is longer than its document');
  return bytes.subarray(begin, begin + count);
}

/** Behind a length of seven bits in each byte, the lowest first; the eighth says that another follows. */
function sized(part: Part, offset: number): Buffer {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = at(part, offset + index, 1)[0] ?? 0;
    length += (byte & 0x7f) * 128 ** index;
    if ((byte & 0x80) === 0) return at(part, offset + index + 1, length);
  }
  throw new Error('a JSON string of unknown length');
}

function literal(code: number): string {
  const text = LITERALS[code];
  if (text === undefined) throw new Error('a JSON literal that is none');
  return text;
}

/** A double stays one: `1.0`. */
function double(number: number): string {
  const text = doubleText(number, MYSQL_DOUBLE);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Values of columns that JSON has no type for. */
function opaque(type: number, data: Buffer): string {
  switch (type) {
    case OPAQUE.decimal: {
      const cursor = new Cursor(data, 0, data.length);
      const [precision, scale] = [cursor.byte(), cursor.byte()];
      const from = cursor.skip(decimalBytes(precision, scale));
      return decimalText(data, from, precision, scale);
    }
    case OPAQUE.date:
    case OPAQUE.datetime:
    case OPAQUE.timestamp:
      return `"${packedDatetimeText(data.readBigInt64LE(), type !== OPAQUE.date)}"`;
    case OPAQUE.time:
      return `"${packedTimeText(data.readBigInt64LE())}"`;
    default:
      return JSON.stringify(`base64:type${type}:${base64(data)}`);
  }
}

/** The server breaks its lines. */
function base64(data: Buffer): string {
  return data.toString('base64').replace(/.{76}(?=.)/g, '$&\n');
}
