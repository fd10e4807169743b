import { expect, it } from 'vitest';
import { EVENT } from '../../../src/decode/event-type.ts';
import { BoundaryEvents } from '../../../src/source/boundary-events.ts';
import type { Packet } from '../../../src/source/zongji-internals.ts';

const CHECKSUM = 4;
const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

/** A packet that does not begin at the start of its buffer, as in a chunk of the socket. */
function packet(type: number, body: Buffer, { seconds = 1_700_000_000, nextPosition = 4242 } = {}): Packet {
  const before = Buffer.from('something before');
  const header = Buffer.alloc(20);
  header.writeUInt32LE(seconds, 1);
  header[5] = type;
  header.writeUInt32LE(19 + body.length + CHECKSUM, 10);
  header.writeUInt32LE(nextPosition, 14);
  const buffer = Buffer.concat([before, header, body, Buffer.alloc(CHECKSUM, 0xaa), Buffer.from('behind')]);
  return { buffer, offset: before.length, end: before.length + 20 + body.length + CHECKSUM };
}

function gtidBody(number: bigint, times: readonly bigint[]): Buffer {
  const body = Buffer.alloc(1 + 16 + 8 + 1 + 16);
  Buffer.from(UUID.replaceAll('-', ''), 'hex').copy(body, 1);
  body.writeBigUInt64LE(number, 17);
  const last = times.map((time, index) => {
    const seven = Buffer.alloc(8);
    seven.writeBigUInt64LE(index === 0 && times.length > 1 ? time | (1n << 55n) : time);
    return seven.subarray(0, 7);
  });
  return Buffer.concat([body, ...last, Buffer.from([250])]);
}

function queryBody(query: string): Buffer {
  const status = Buffer.from([1, 2, 3, 4, 5]);
  const schema = Buffer.from('shop');
  const post = Buffer.alloc(13);
  post[8] = schema.length;
  post.writeUInt16LE(status.length, 11);
  return Buffer.concat([post, status, schema, Buffer.from([0]), Buffer.from(query)]);
}

it('reads the GTID and the time of the commit in µs', () => {
  const event = new BoundaryEvents().read(
    EVENT.gtid,
    packet(EVENT.gtid, gtidBody(77n, [1_700_000_000_123_456n])),
    CHECKSUM,
  );
  expect(event).toMatchObject({
    timestamp: 1_700_000_000_000,
    nextPosition: 4242,
    gtid: `${UUID}:77`,
    commitTimeUs: 1_700_000_000_123_456,
  });
});

it('prefers the time of the server where the transaction was first committed', () => {
  const body = gtidBody(1n, [1_700_000_000_999_999n, 1_600_000_000_000_001n]);
  const event = new BoundaryEvents().read(EVENT.anonymousGtid, packet(EVENT.anonymousGtid, body), CHECKSUM);
  expect(event).toMatchObject({ commitTimeUs: 1_600_000_000_000_001 });
});

it('leaves GTID numbers that a double cannot hold to the client library', () => {
  expect(new BoundaryEvents().read(EVENT.gtid, packet(EVENT.gtid, gtidBody(2n ** 53n, [0n])), CHECKSUM)).toBeNull();
});

it('recognises BEGIN, whatever stands before it, and no other query', () => {
  const events = new BoundaryEvents();
  const begin = packet(EVENT.query, queryBody('BEGIN'));
  expect(events.read(EVENT.query, begin, CHECKSUM)).toMatchObject({ query: 'BEGIN', nextPosition: 4242 });
  for (const text of ['COMMIT', 'BEGI', 'BEGIN ', 'begin']) {
    expect(events.read(EVENT.query, packet(EVENT.query, queryBody(text)), CHECKSUM)).toBeNull();
  }
});

it('reads the end of a transaction, and leaves every other type alone', () => {
  const events = new BoundaryEvents();
  expect(events.read(EVENT.xid, packet(EVENT.xid, Buffer.alloc(8)), CHECKSUM)).toEqual({
    timestamp: 1_700_000_000_000,
    nextPosition: 4242,
    size: 8,
  });
  expect(events.read(EVENT.writeRows, packet(EVENT.writeRows, Buffer.alloc(80)), CHECKSUM)).toBeNull();
});
