import type { Packet } from './zongji-internals.ts';

const TABLE_MAP = 19;
const ROWS: ReadonlySet<number> = new Set([23, 24, 25, 30, 31, 32, 166, 167, 168, 169, 170, 171]);
/** Of those, the ones with two images of each row. */
const UPDATES: ReadonlySet<number> = new Set([24, 31, 167, 170]);
/** The ones with a field for more data before the columns. */
const WITH_EXTRA: ReadonlySet<number> = new Set([30, 31, 32, 169, 170, 171]);
/** Marker byte and event header; then a table id (6) and flags (2). */
const BEHIND_FLAGS = 1 + 19 + 8;
const EXTRA_LENGTH_BYTES = 2;

/**
 * Looks at the counts of an event before zongji believes them: it goes on for as many columns as an event claims to have, and for
 * ever where rows have none. Throws what is wrong. `columnsOf`: how many columns a table has; undefined where it is not known.
 */
export function requireShape(type: number, packet: Packet, columnsOf: (tableId: number) => number | undefined): void {
  if (type === TABLE_MAP) requireTableMap(packet);
  else if (ROWS.has(type)) requireRows(type, packet, columnsOf);
}

/** The names of the database and of the table (each a length, text and 0), then the number of columns, and at least a byte for each. */
function requireTableMap(packet: Packet): void {
  const { offset, end } = packet;
  let at = offset + BEHIND_FLAGS;
  for (let names = 0; names < 2; names++) at += 1 + byteAt(packet, at) + 1;
  const columns = lengthAt(packet, at);
  if (columns === 0 || at + columns > end) throw new Error(`a table of ${columns} columns in ${end - offset} bytes`);
}

function requireRows(type: number, packet: Packet, columnsOf: (tableId: number) => number | undefined): void {
  const { buffer, offset } = packet;
  const known = columnsOf(buffer.readUIntLE(offset + BEHIND_FLAGS - 8, 6));
  // zongji leaves out the rows of a table that it does not know.
  if (known === undefined) return;
  let at = offset + BEHIND_FLAGS;
  if (WITH_EXTRA.has(type)) {
    // Its own two bytes count.
    const extra = buffer.readUInt16LE(at);
    if (extra < EXTRA_LENGTH_BYTES) throw new Error(`extra data of ${extra} bytes`);
    at += extra;
  }
  const columns = lengthAt(packet, at);
  if (columns !== known) throw new Error(`rows of ${columns} columns of a table that has ${known}`);
  at += columns < 251 ? 1 : 3;
  for (let images = UPDATES.has(type) ? 2 : 1; images > 0; images--) {
    requireFullImage(packet, at, columns);
    at += (columns + 7) >> 3;
  }
}

/** A bit for each column that the images have. */
function requireFullImage(packet: Packet, at: number, columns: number): void {
  for (let column = 0; column < columns; column += 8) {
    const wanted = columns - column >= 8 ? 0xff : (1 << (columns - column)) - 1;
    if ((byteAt(packet, at + (column >> 3)) & wanted) === wanted) continue;
    throw new Error('rows without all of their columns: every session needs binlog_row_image=FULL');
  }
}

/** A number of one byte, or of two behind 252; more no table has. */
function lengthAt(packet: Packet, at: number): number {
  const first = byteAt(packet, at);
  if (first < 251) return first;
  if (first !== 252) throw new Error('a count of columns that no table has');
  return byteAt(packet, at + 1) + byteAt(packet, at + 2) * 256;
}

function byteAt({ buffer, end }: Packet, at: number): number {
  if (at >= end) throw new Error('the event is too short');
  return buffer[at] ?? 0;
}
