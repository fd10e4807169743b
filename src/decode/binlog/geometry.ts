import { Cursor } from './cursor.ts';

/**
 * A geometry: an SRID (4 bytes), then well-known binary: byte order (1), kind (4), and coordinates as doubles. It becomes its coordinates:
 * `{x, y}`, a list of them, a list of lists. Source: MySQL manual, "Internal Geometry Storage Format".
 */
export type Geometry = { readonly x: number; readonly y: number } | readonly Geometry[];

const SRID_BYTES = 4;
const POINT_BYTES = 16;
/** As deep as no server lets a collection be. */
const MAX_DEPTH = 50;

const KIND = { point: 1, line: 2, polygon: 3, collections: [4, 5, 6, 7] } as const;

export function parseGeometry(bytes: Buffer, from: number, to: number): Geometry {
  const cursor = new Cursor(bytes, from, to);
  cursor.skip(SRID_BYTES);
  return shape(cursor, 0);
}

function shape(cursor: Cursor, depth: number): Geometry {
  if (depth > MAX_DEPTH) throw new Error('a geometry that is too deep');
  const isLittle = cursor.byte() !== 0;
  const read = { cursor, isLittle };
  const kind = uint32(read);
  if (kind === KIND.point) return point(read);
  if (kind === KIND.line) return list(read, POINT_BYTES, point);
  if (kind === KIND.polygon) return list(read, 4, (ring) => list(ring, POINT_BYTES, point));
  if (KIND.collections.some((each) => each === kind)) return list(read, 5, () => shape(cursor, depth + 1));
  throw new Error(`a geometry of kind ${kind}, which is not known to Sluice`);
}

interface Reading {
  readonly cursor: Cursor;
  readonly isLittle: boolean;
}

function uint32({ cursor, isLittle }: Reading): number {
  const at = cursor.skip(4);
  return isLittle ? cursor.bytes.readUInt32LE(at) : cursor.bytes.readUInt32BE(at);
}

function point({ cursor, isLittle }: Reading): Geometry {
  const at = cursor.skip(POINT_BYTES);
  const { bytes } = cursor;
  if (isLittle) return { x: bytes.readDoubleLE(at), y: bytes.readDoubleLE(at + 8) };
  return { x: bytes.readDoubleBE(at), y: bytes.readDoubleBE(at + 8) };
}

/** `leastBytes` that an element has: a count that cannot be is not believed. */
function list(reading: Reading, leastBytes: number, element: (reading: Reading) => Geometry): Geometry {
  const count = uint32(reading);
  if (count * leastBytes > reading.cursor.left) throw new Error('a geometry that is longer than its value');
  return Array.from({ length: count }, () => element(reading));
}
