import { Cursor } from './cursor.ts';
import { HEADER_BYTES, nextPositionOf } from './header.ts';
import { uncompressedEvent } from './mariadb-compression.ts';

/** Events that come seldom, each as a function of its bytes. Source: MySQL source code documentation, "Binary Log Event". */

const body = (bytes: Buffer, start: number, end: number): Cursor => new Cursor(bytes, start + HEADER_BYTES, end);

/** Position in the next file (8) and its name. */
export function parseRotate(bytes: Buffer, start: number, end: number): { binlogName: string; position: number } {
  const cursor = body(bytes, start, end);
  const position = cursor.uint64();
  return { position, binlogName: cursor.text(cursor.left) };
}

/** Format version (2), server version (50), time (4), length of the header (1), lengths of what follows it by type, kind of checksum (1). */
export function parseFormatDescription(bytes: Buffer, start: number, end: number): { hasChecksums: boolean } {
  const cursor = body(bytes, start, end);
  const version = cursor.uint(2);
  if (version !== 4) throw new Error(`a binary log of format ${version}, which is not known to Sluice`);
  cursor.skip(50 + 4);
  const headerBytes = cursor.byte();
  if (headerBytes !== HEADER_BYTES) throw new Error(`events with a header of ${headerBytes} bytes`);
  const algorithm = bytes[end - 1] ?? 0xff;
  if (algorithm > 1) throw new Error(`a checksum of kind ${algorithm}, which is not known to Sluice`);
  return { hasChecksums: algorithm === 1 };
}

const BEGIN = Buffer.from('BEGIN');

/** Thread (4), seconds (4), length of the schema (1), error (2), length of the status variables (2), those, schema, 0, text. */
export function parseQuery(bytes: Buffer, start: number, end: number, isCompressed: boolean): { query: string; schema: string } {
  const from = textAt(bytes, start);
  if (from > end) throw new Error('the event is too short');
  const schemaAt = from - 1 - (bytes[start + HEADER_BYTES + SCHEMA_BYTES] ?? 0);
  const schema = bytes.toString('utf8', schemaAt, from - 1);
  const query = isCompressed ? uncompressedEvent(bytes, from, end).toString('utf8') : bytes.toString('utf8', from, end);
  return { query, schema };
} // prettier-ignore

const SCHEMA_BYTES = 8;
const STATUS_BYTES = 11;
const STATUS = 13;

/** Where the text of a query begins. */
function textAt(bytes: Buffer, start: number): number {
  const at = start + HEADER_BYTES;
  const statusBytes = (bytes[at + STATUS_BYTES] ?? 0) | ((bytes[at + STATUS_BYTES + 1] ?? 0) << 8);
  return at + STATUS + statusBytes + (bytes[at + SCHEMA_BYTES] ?? 0) + 1;
}

/** Is it the query that nearly every transaction of MySQL begins with? */
export function isBegin(bytes: Buffer, start: number, end: number): boolean {
  const from = textAt(bytes, start);
  if (end - from !== BEGIN.length) return false;
  for (let index = 0; index < BEGIN.length; index++) if (bytes[from + index] !== BEGIN[index]) return false;
  return true;
}

export interface XaPrepareFacts {
  readonly onePhase: boolean;
  readonly xidFormatId: number;
  readonly xidGtrid: Buffer;
  readonly xidBqual: Buffer;
}

/** One phase (1), format id (4), two lengths (4 each), and the two parts of the XID. */
export function parseXaPrepare(bytes: Buffer, start: number, end: number): XaPrepareFacts {
  const cursor = body(bytes, start, end);
  const onePhase = cursor.byte() !== 0;
  const xidFormatId = cursor.uint(4);
  const [gtridBytes, bqualBytes] = [cursor.uint(4), cursor.uint(4)];
  return { onePhase, xidFormatId, xidGtrid: cursor.copy(gtridBytes), xidBqual: cursor.copy(bqualBytes) };
}

/** The name of the file. Where its position needs more than 32 bits, MariaDB writes 0 into the header and eight bytes before the name. */
export function parseHeartbeat(bytes: Buffer, start: number, end: number, isMariadb: boolean): HeartbeatFacts {
  const cursor = body(bytes, start, end);
  const position = nextPositionOf(bytes, start);
  const isLong = isMariadb && position === 0 && cursor.left > 8 && bytes[cursor.at + 7] === 0;
  const nextPosition = isLong ? cursor.uint64() : position;
  return { nextPosition, binlogName: cursor.text(cursor.left) };
}

export interface HeartbeatFacts {
  readonly binlogName: string;
  readonly nextPosition: number;
}

const HEARTBEAT_FIELD = { end: 0, file: 1, position: 2 } as const;

/** A type, a length and a value each, until type 0. Source: MySQL source code documentation, class Heartbeat_event_v2. */
export function parseHeartbeatV2(bytes: Buffer, start: number, end: number): HeartbeatFacts {
  const cursor = body(bytes, start, end);
  let binlogName = '';
  let nextPosition = 0;
  while (cursor.left > 0) {
    const field = cursor.packed();
    if (field === HEARTBEAT_FIELD.end) break;
    const value = cursor.part(cursor.packed());
    if (field === HEARTBEAT_FIELD.file) binlogName = value.text(value.left);
    else if (field === HEARTBEAT_FIELD.position) nextPosition = value.packed();
  }
  return { binlogName, nextPosition };
}
