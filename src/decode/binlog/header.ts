/**
 * The header that every event has: seconds since the epoch (4), type (1), server id (4), length (4), offset behind the event (4),
 * flags (2). Little-endian. Source: MySQL source code documentation, "Binary Log Event", class Log_event_header.
 */
export const HEADER_BYTES = 19;

const TYPE = 4;
const SERVER_ID = 5;
const LENGTH = 9;
const NEXT_POSITION = 13;

export function typeOf(bytes: Buffer, start: number): number {
  return bytes[start + TYPE] ?? 0;
}

/** Ms since the epoch, whole seconds. */
export function timestampOf(bytes: Buffer, start: number): number {
  return uint32(bytes, start) * 1000;
}

export function serverIdOf(bytes: Buffer, start: number): number {
  return uint32(bytes, start + SERVER_ID);
}

export function lengthOf(bytes: Buffer, start: number): number {
  return uint32(bytes, start + LENGTH);
}

export function nextPositionOf(bytes: Buffer, start: number): number {
  return uint32(bytes, start + NEXT_POSITION);
}

/** Written out: these are read for every event, and the method of Buffer costs several times as much. */
export function uint32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)) + (bytes[at + 3] ?? 0) * 0x1000000
  );
}

export function uint48(bytes: Buffer, at: number): number {
  return uint32(bytes, at) + ((bytes[at + 4] ?? 0) | ((bytes[at + 5] ?? 0) << 8)) * 0x100000000;
}
