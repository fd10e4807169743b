import type { Packet } from './zongji-internals.ts';

/** Marker byte, event header, then flags (1), UUID (16), number (8), clock type (1) and logical clock (16). */
const IMMEDIATE = 1 + 19 + 1 + 16 + 8 + 1 + 16;
const BYTES = 7;
/** Set in the first time when a second one follows: the commit on the server where the transaction came from. */
const HAS_ORIGINAL = 0x80;

/**
 * Commit time in µs since the epoch from a GTID or anonymous GTID event: that of the server where the transaction was
 * first executed, so that it is the same on every server of a topology. Undefined if the event has none (before MySQL
 * 8.0.1). Source: MySQL source code documentation, class Gtid_event.
 */
export function commitTimeUs({ buffer, offset, end }: Packet): number | undefined {
  const at = offset + IMMEDIATE;
  if (at + BYTES > end) return undefined;
  const highest = buffer[at + BYTES - 1] ?? 0;
  if ((highest & HAS_ORIGINAL) === 0) return time(buffer, at, highest);
  const original = at + BYTES;
  if (original + BYTES > end) return undefined;
  return time(buffer, original, buffer[original + BYTES - 1] ?? 0);
}

function time(buffer: Buffer, at: number, highest: number): number | undefined {
  const us = (highest & ~HAS_ORIGINAL) * 2 ** 48 + buffer.readUIntLE(at, BYTES - 1);
  return us === 0 ? undefined : us;
}
