import * as zlib from 'node:zlib';

/** Every event ends with it when binlog_checksum=CRC32. Source: MySQL source code documentation, "Binary Log Event Checksum". */
export const CHECKSUM_BYTES = 4;

const FORMAT_DESCRIPTION = 15;
const ROTATE_NAME = 19 + 8;
const TYPE = 4;
const FLAGS = 17;
/** LOG_EVENT_BINLOG_IN_USE_F: set while the file is open; the checksum is that of the event without it. */
const IN_USE = 1;

/** A call into native code costs as much as so many bytes of our own loop. */
export const SHORT_BYTES = 400;

/** Eight tables of 256: what a byte adds to the checksum when 0 … 7 bytes follow it, so that eight are taken at a time. */
const TABLES = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  TABLES[byte] = value;
}
for (let index = 256; index < TABLES.length; index++) {
  const before = TABLES[index - 256] ?? 0;
  TABLES[index] = (before >>> 8) ^ (TABLES[before & 0xff] ?? 0);
}

/** Node has it from 20.15 and 22.2 on; its types of Node 20 do not know. */
const native = (zlib as { crc32?: (bytes: Uint8Array) => number }).crc32;

let chunk: Buffer | null = null;
let words: DataView = new DataView(new ArrayBuffer(0));

export function crc32(bytes: Buffer, from: number, to: number): number {
  if (native !== undefined && to - from > SHORT_BYTES) return native(bytes.subarray(from, to)) | 0;
  // Many events in a row are of one chunk.
  if (bytes !== chunk) {
    chunk = bytes;
    words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  let crc = -1;
  let at = from;
  for (; at + 8 <= to; at += 8) {
    const first = crc ^ words.getInt32(at, true);
    const second = words.getInt32(at + 4, true);
    crc =
      table(7, first) ^
      table(6, first >>> 8) ^
      table(5, first >>> 16) ^
      table(4, first >>> 24) ^
      table(3, second) ^
      table(2, second >>> 8) ^
      table(1, second >>> 16) ^
      table(0, second >>> 24);
  }
  return ~continued(bytes, at, to, crc);
}

/** The state behind the bytes: what a checksum is before its bits are turned. It begins as -1. */
export function continued(bytes: Uint8Array, from: number, to: number, state: number): number {
  for (let at = from; at < to; at++) state = table(0, state ^ (bytes[at] ?? 0)) ^ (state >>> 8);
  return state;
}

function table(following: number, byte: number): number {
  return TABLES[following * 256 + (byte & 0xff)] ?? 0;
}

/** Are the last four bytes of the event the checksum of those before? */
export function hasChecksum(bytes: Buffer, start: number, end: number): boolean {
  const at = end - CHECKSUM_BYTES;
  if (at <= start) return false;
  const found = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24); // prettier-ignore
  if (crc32(bytes, start, at) === found) return true;
  if (bytes[start + TYPE] !== FORMAT_DESCRIPTION) return false;
  const closed = Buffer.from(bytes.subarray(start, at));
  closed[FLAGS] = (closed[FLAGS] ?? 0) & ~IN_USE;
  return crc32(closed, 0, closed.length) === found;
}

/**
 * Of a rotation that came before the format was known. One whose checksum is damaged is told from one that has none by the name at its
 * end: that of a file of the log ends with six digits or more.
 */
export function madeUpChecksumBytes(bytes: Buffer, start: number, end: number): number {
  if (hasChecksum(bytes, start, end)) return CHECKSUM_BYTES;
  if (!/\.\d{6,}$/.test(bytes.toString('latin1', start + ROTATE_NAME, end))) throw new Error('its checksum is wrong: it was damaged on the source, or on the way'); // prettier-ignore
  return 0;
}
