import { Cursor } from './cursor.ts';
import { HEADER_BYTES, serverIdOf, uint32 } from './header.ts';

/** What a GTID event says: which transaction begins, and when it was committed where it was first executed (µs), if it is told. */
export interface GtidFacts {
  readonly gtid: string;
  readonly commitTimeUs: number | undefined;
}

/** Flags (1), UUID (16), number (8), clock type (1) and logical clock (16), then the time of the commit (7 bytes). */
const UUID = HEADER_BYTES + 1;
const NUMBER = UUID + 16;
const TIME = NUMBER + 8 + 1 + 16;
const TIME_BYTES = 7;
/** Set in the first time when a second one follows: the commit on the server where the transaction came from. */
const HAS_ORIGINAL = 0x80;
/** A number of 53 bits has no more than these in its upper half. */
const MAX_HIGH = 2 ** 21;

/**
 * GTID and anonymous GTID events. The time is that of the server where the transaction was first executed, so that it is the same on
 * every server of a topology. Source: MySQL source code documentation, class Gtid_event.
 */
export class GtidReader {
  /** Of the event that was read last, until the next one: no object is made for it. */
  source = '00000000-0000-0000-0000-000000000000';
  number: number | bigint = 0;
  /** 0: it does not say. Always a number, so that none has to be boxed. */
  commitTimeUs = 0;
  /** The UUID of the last one; one server writes most of them. */
  #bytes = Buffer.alloc(16);

  read(bytes: Buffer, start: number, end: number): void {
    if (start + TIME > end) throw new Error('the event is too short');
    const numberAt = start + NUMBER;
    if (!this.#isLast(bytes, start + UUID)) {
      this.#bytes = Buffer.from(bytes.subarray(start + UUID, numberAt));
      this.source = uuidText(this.#bytes);
    }
    const high = uint32(bytes, numberAt + 4);
    this.number = high < MAX_HIGH ? high * 0x100000000 + uint32(bytes, numberAt) : bytes.readBigUInt64LE(numberAt);
    this.commitTimeUs = commitTime(bytes, start + TIME, end);
  }

  #isLast(bytes: Buffer, at: number): boolean {
    for (let index = 15; index >= 0; index--) if (this.#bytes[index] !== bytes[at + index]) return false;
    return true;
  }
}

/** 0: before MySQL 8.0.1. */
function commitTime(bytes: Buffer, at: number, end: number): number {
  if (at + TIME_BYTES > end) return 0;
  const highest = bytes[at + TIME_BYTES - 1] ?? 0;
  if ((highest & HAS_ORIGINAL) === 0) return time(bytes, at, highest);
  const original = at + TIME_BYTES;
  if (original + TIME_BYTES > end) return 0;
  return time(bytes, original, bytes[original + TIME_BYTES - 1] ?? 0);
}

function time(bytes: Buffer, at: number, highest: number): number {
  const us =
    (highest & ~HAS_ORIGINAL) * 2 ** 48 +
    ((bytes[at + 4] ?? 0) + (bytes[at + 5] ?? 0) * 256) * 0x100000000 +
    uint32(bytes, at);
  return isTime(us) ? us : 0;
}

/**
 * More µs than the header of an event can tell (the year 2106). A session may say what it likes (SET original_commit_timestamp), and versions
 * follow it: beyond 2^53 they would not be exact any more, for good. Such a time is not believed; that of the header stands for it, which
 * is the same on every server, too. Refusing it would let any such session stop the line.
 */
const MAX_TIME_US = 2 ** 32 * 1e6;

function isTime(us: number): boolean {
  return us > 0 && us < MAX_TIME_US;
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Fields of a tagged GTID event by their number. Source: MySQL source code documentation, Gtid_event::define_fields(). */
const FIELD = {
  flags: 0,
  uuid: 1,
  number: 2,
  tag: 3,
  lastCommitted: 4,
  sequence: 5,
  time: 6,
  originalTime: 7,
} as const;
const TAG_BYTES = 32;
/** The newest field that this reader knows how to pass over. */
const LAST_FIELD = 11;

/** A GTID with a tag: a message of mysql::serialization, whose fields have numbers and may be absent. */
export function parseTaggedGtid(bytes: Buffer, start: number, end: number): GtidFacts {
  const cursor = new Cursor(bytes, start + HEADER_BYTES, end);
  const version = varint(cursor);
  if (version !== 1n) throw new Error(`a message of version ${version}, which is not known to Sluice`);
  const size = Number(varint(cursor));
  const message = new Cursor(bytes, cursor.at, Math.min(end, start + HEADER_BYTES + size));
  const lastNeeded = Number(varint(message)) - 1;
  if (lastNeeded > LAST_FIELD)
    throw new Error(`a tagged GTID with a field ${lastNeeded}, which is not known to Sluice`);
  const facts = new Map<number, string | bigint>();
  while (message.left > 0) {
    const field = Number(varint(message));
    if (field > FIELD.originalTime) break;
    facts.set(field, fieldValue(field, message));
  }
  const [uuid, number, tag = ''] = [FIELD.uuid, FIELD.number, FIELD.tag].map((field) => facts.get(field));
  if (uuid === undefined || number === undefined) throw new Error('a tagged GTID without a UUID or a number');
  const time = Number(facts.get(FIELD.originalTime) ?? facts.get(FIELD.time) ?? 0);
  return {
    gtid: `${uuid}${tag === '' ? '' : `:${tag}`}:${number}`,
    commitTimeUs: isTime(time) ? time : undefined,
  };
}

function fieldValue(field: number, message: Cursor): string | bigint {
  switch (field) {
    case FIELD.uuid:
      return uuidText(Buffer.from(Array.from({ length: 16 }, () => Number(varint(message)))));
    case FIELD.tag: {
      const length = Number(varint(message));
      if (length > TAG_BYTES) throw new Error(`a tag of ${length} bytes`);
      return message.text(length);
    }
    case FIELD.number:
    case FIELD.lastCommitted:
    case FIELD.sequence: {
      const value = varint(message);
      return (value & 1n) === 1n ? -(value >> 1n) - 1n : value >> 1n;
    }
    default:
      return varint(message);
  }
}

/** As many bytes more as the first one has 1 bits at its lower end. */
function varint(cursor: Cursor): bigint {
  const first = cursor.byte();
  let extra = 0;
  while (extra < 8 && ((first >> extra) & 1) === 1) extra++;
  const from = cursor.skip(extra);
  let rest = 0n;
  for (let index = extra - 1; index >= 0; index--) rest = rest * 256n + BigInt(cursor.bytes[from + index] ?? 0);
  if (extra === 8) return rest;
  return BigInt(first >> (extra + 1)) + (rest << BigInt(7 - extra));
}

const STANDALONE = 1;
const GROUP_COMMIT = 2;
const PREPARED_XA = 0x40;

export interface MariadbGtidFacts {
  readonly gtid: string;
  readonly standalone: boolean;
  readonly preparedXa: boolean;
}

/** Number (8), domain (4), flags (1); the server id stands in the header. Source: MariaDB manual, "GTID_EVENT". */
export function parseMariadbGtid(bytes: Buffer, start: number, end: number): MariadbGtidFacts {
  const cursor = new Cursor(bytes, start + HEADER_BYTES, end);
  const number = bytes.readBigUInt64LE(cursor.skip(8));
  const domain = cursor.uint(4);
  const flags = cursor.byte();
  if ((flags & GROUP_COMMIT) !== 0) cursor.skip(8);
  return {
    gtid: `${domain}-${serverIdOf(bytes, start)}-${number}`,
    standalone: (flags & STANDALONE) !== 0,
    preparedXa: (flags & PREPARED_XA) !== 0,
  };
}
