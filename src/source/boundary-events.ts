import type { BinlogEvent, GtidEvent, QueryEvent } from '../model/binlog-event.ts';
import { commitTimeUs } from './gtid-time.ts';
import type { Packet } from './zongji-internals.ts';

const QUERY = 2;
const XID = 16;
const GTID = 33;
const ANONYMOUS_GTID = 34;

/** Offsets behind the marker byte of a packet; the header has 19 bytes. */
const TIMESTAMP = 1;
const EVENT_BYTES = 10;
const NEXT_POSITION = 14;
const BODY = 20;
const HEADER_BYTES = 19;

const BEGIN = Buffer.from('BEGIN');

/**
 * Reads the three events that nearly every MySQL transaction has besides its rows (GTID, BEGIN, XID), which would
 * otherwise cost as much as the rows themselves. Whatever has another form is left to zongji.
 * Source: MySQL source code documentation, "Binary Log Event", classes Gtid_event, Query_event, Xid_event.
 */
export class BoundaryEvents {
  /** The UUID of the last GTID; one server writes most of them. */
  #uuidBytes = Buffer.alloc(16);
  #uuid = '00000000-0000-0000-0000-000000000000';

  /** Null: not one of them. */
  read(type: number, packet: Packet, checksumBytes: number): BinlogEvent | null {
    switch (type) {
      case GTID:
      case ANONYMOUS_GTID:
        return this.#gtid(packet, checksumBytes);
      case QUERY:
        return begin(packet, checksumBytes);
      case XID:
        return xid(packet, checksumBytes);
      default:
        return null;
    }
  }

  /** Flags (1), UUID (16), number (8), and the logical clock with the commit time. */
  #gtid(packet: Packet, checksumBytes: number): GtidEvent | null {
    const { buffer, offset } = packet;
    const uuidAt = offset + BODY + 1;
    const numberAt = uuidAt + 16;
    const high = buffer.readUInt32LE(numberAt + 4);
    // Numbers beyond 2^53: zongji keeps their digits.
    if (high >= 2 ** 21) return null;
    if (this.#uuidBytes.compare(buffer, uuidAt, numberAt) !== 0) this.#rememberUuid(buffer, uuidAt);
    const number = high * 2 ** 32 + buffer.readUInt32LE(numberAt);
    // Written out instead of spread: this is made for every transaction.
    return {
      timestamp: timestamp(packet),
      nextPosition: nextPosition(packet),
      size: size(packet, checksumBytes),
      gtid: `${this.#uuid}:${number}`,
      commitTimeUs: commitTimeUs(packet),
    };
  }

  #rememberUuid(buffer: Buffer, at: number): void {
    this.#uuidBytes = Buffer.from(buffer.subarray(at, at + 16));
    const hex = this.#uuidBytes.toString('hex');
    this.#uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }
}

const timestamp = ({ buffer, offset }: Packet): number => buffer.readUInt32LE(offset + TIMESTAMP) * 1000;
const nextPosition = ({ buffer, offset }: Packet): number => buffer.readUInt32LE(offset + NEXT_POSITION);
const size = ({ buffer, offset }: Packet, checksumBytes: number): number =>
  buffer.readUInt32LE(offset + EVENT_BYTES) - HEADER_BYTES - checksumBytes;

function xid(packet: Packet, checksumBytes: number): BinlogEvent {
  return { timestamp: timestamp(packet), nextPosition: nextPosition(packet), size: size(packet, checksumBytes) };
}

/** Thread (4), seconds (4), length of the schema (1), error (2), length of the status variables (2), those, schema, 0. */
function begin(packet: Packet, checksumBytes: number): QueryEvent | null {
  const { buffer, offset, end } = packet;
  const schemaBytes = buffer[offset + BODY + 8] ?? 0;
  const statusBytes = buffer.readUInt16LE(offset + BODY + 11);
  const from = offset + BODY + 13 + statusBytes + schemaBytes + 1;
  const to = end - checksumBytes;
  if (to - from !== BEGIN.length || BEGIN.compare(buffer, from, to) !== 0) return null;
  return {
    timestamp: timestamp(packet),
    nextPosition: nextPosition(packet),
    size: size(packet, checksumBytes),
    query: 'BEGIN',
    // Nobody needs it to begin a transaction.
    schema: '',
  };
}
