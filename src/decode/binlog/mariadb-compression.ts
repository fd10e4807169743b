import { inflateRawSync, inflateSync } from 'node:zlib';

/** More than any event or column can hold: a length beyond it is damage, not data. */
const MAX_BYTES = 2 ** 30;

/**
 * A value of a COMPRESSED column: nothing for the empty value; else a byte whose upper half is the method (0: as it is, 8: zlib), with bit 3
 * set for a stream without zlib's frame, and how many bytes of length follow in the lowest three bits.
 * Source: MariaDB source code, sql/field_comp.cc.
 */
export function uncompressedValue(bytes: Buffer, from: number, to: number): Buffer {
  if (from === to) return bytes.subarray(from, to);
  const head = bytes[from] ?? 0;
  const method = head >> 4;
  if (method === 0) return bytes.subarray(from + 1, to);
  if (method !== 8) throw new Error(`a value compressed by method ${method}, which is not known to Sluice`);
  return inflated(bytes, { from: from + 1, to, lengthBytes: head & 7, isRaw: (head & 8) !== 0 });
}

/**
 * The end of a compressed event: bit 7, the method in bits 4 to 6 (0: zlib), how many bytes of length follow in the lowest three.
 * Source: MariaDB source code, sql/log_event.cc, binlog_get_uncompress_len().
 */
export function uncompressedEvent(bytes: Buffer, from: number, to: number): Buffer {
  const head = bytes[from] ?? 0;
  if (from >= to || (head & 0xf0) !== 0x80) {
    throw new Error(`an event compressed by method ${head}, which is not known to Sluice`);
  }
  return inflated(bytes, { from: from + 1, to, lengthBytes: head & 7, isRaw: false });
}

function inflated(
  bytes: Buffer,
  { from, to, lengthBytes, isRaw }: { from: number; to: number; lengthBytes: number; isRaw: boolean },
): Buffer {
  if (lengthBytes < 1 || lengthBytes > 4 || from + lengthBytes > to) throw new Error('a compressed value without a length'); // prettier-ignore
  const length = bytes.readUIntBE(from, lengthBytes);
  if (length > MAX_BYTES) throw new Error(`a compressed value of ${length} bytes`);
  const packed = bytes.subarray(from + lengthBytes, to);
  // It never grows beyond what it says; 0 would mean no limit.
  const options = { maxOutputLength: Math.max(1, length) };
  const value = isRaw ? inflateRawSync(packed, options) : inflateSync(packed, options);
  if (value.length !== length)
    throw new Error(`a compressed value of ${value.length} bytes that says it has ${length}`);
  return value;
}
