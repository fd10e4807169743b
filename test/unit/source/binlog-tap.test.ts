import { describe, expect, it } from 'vitest';
import { EVENT } from '../../../src/decode/event-type.ts';
import type { BinlogEvent } from '../../../src/model/binlog-event.ts';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import { TableMapCache } from '../../../src/source/table-map-cache.ts';
import type { BinlogCommand, Packet, ZongjiEvent, ZongjiInternals } from '../../../src/source/zongji-internals.ts';

function packet(type: number, body: Buffer = Buffer.alloc(8), marker = 0): Packet {
  const header = Buffer.alloc(20);
  header[0] = marker;
  header[5] = type;
  return { buffer: Buffer.concat([header, body]), offset: 0, end: 20 + body.length };
}

type Received = (error: Error | null | undefined, event: ZongjiEvent | undefined) => void;

/** zongji as far as the tap sees it; `parse` says what its own class does with a packet. */
function tapped(parse: (received: Received, type: number) => void) {
  const events: { type: number; event: BinlogEvent }[] = [];
  const broken: unknown[] = [];
  const zongji: ZongjiInternals = {
    BinlogClass: class implements BinlogCommand {
      readonly #received: Received;
      constructor(received: Received) {
        this.#received = received;
      }
      start(): unknown {
        return 'its own method';
      }
      binlogData({ buffer, offset }: Packet): unknown {
        parse(this.#received, buffer[offset + 5] ?? 0);
        return 'its own method';
      }
    },
    tableMap: { 7: { columnSchemas: [], parentSchema: 's', tableName: 't' } },
    _executedGtids: 'a set',
    useChecksum: false,
    isMariaDb: false,
  };
  const tap = new BinlogTap({
    zongji,
    onEvent: (type, event) => events.push({ type, event }),
    place: () => 'binlog.000001:4',
    onBroken: (error) => broken.push(error),
  });
  const command = new zongji.BinlogClass(() => undefined);
  let receive = command.start(undefined, null) as (packet: Packet, connection: unknown) => unknown;
  const feed = (...packets: Packet[]): void => {
    for (const each of packets) receive = receive(each, null) as typeof receive;
  };
  return { tap, zongji, events, broken, feed };
}

const anEvent = (fields: Partial<ZongjiEvent> = {}): ZongjiEvent =>
  ({ timestamp: 0, nextPosition: 4, size: 8, ...fields }) as ZongjiEvent;

describe('the tap on the packets of a dump', () => {
  it('stays between zongji and every packet, and tells the type of each event', () => {
    const { feed, events } = tapped((received) => received(undefined, anEvent()));
    feed(packet(EVENT.incident), packet(EVENT.heartbeat), packet(99));
    expect(events.map(({ type }) => type)).toEqual([EVENT.incident, EVENT.heartbeat, 99]);
  });

  it('breaks when the server ends the stream', () => {
    const { feed, broken } = tapped((received) => received(undefined, anEvent()));
    feed(packet(0, Buffer.alloc(4), 0xfe));
    expect(broken).toMatchObject([{ message: 'the server ended the stream' }]);
  });

  it.each([
    ['an error of the parser', (received: Received) => received(new Error('out of range'), undefined), /out of range/],
    [
      'rows without a table',
      (received: Received) => received(undefined, anEvent({ _filtered: true })),
      /nothing has defined/,
    ],
    ['an event the client library drops', () => undefined, /dropped/],
    [
      'an exception',
      () => {
        throw new TypeError('null');
      },
      /null/,
    ],
    [
      'an image without all columns',
      (received: Received) =>
        received(
          undefined,
          anEvent({ rows: [{}], numberOfColumns: 9, columns_present_bitmap: Buffer.from([0xff, 0xfe]) }),
        ),
      /binlog_row_image=FULL/,
    ],
    [
      'an after image without all columns',
      (received: Received) =>
        received(
          undefined,
          anEvent({
            rows: [],
            numberOfColumns: 2,
            columns_present_bitmap: Buffer.from([3]),
            columns_present_bitmap2: Buffer.from([1]),
          }),
        ),
      /binlog_row_image=FULL/,
    ],
  ])('breaks with SOURCE_DECODE and the place at %s, and delivers nothing behind it', (_, parse, message) => {
    const { feed, broken, events } = tapped(parse);
    feed(packet(EVENT.writeRows), packet(EVENT.writeRows));
    expect(broken).toMatchObject([{ code: 'SOURCE_DECODE', message: expect.stringMatching(message) as string }]);
    expect((broken[0] as Error).message).toContain('binlog.000001:4');
    expect(events).toEqual([]);
  });

  it('delivers nothing after it was closed', () => {
    const { tap, feed, events } = tapped((received) => received(undefined, anEvent()));
    tap.close();
    feed(packet(EVENT.heartbeat));
    expect(events).toEqual([]);
  });

  it('forgets the tables of zongji and its own when the file changes', () => {
    const { feed, zongji } = tapped((received) => received(undefined, anEvent()));
    feed(packet(EVENT.rotate));
    expect(zongji.tableMap).toEqual({});
  });

  it('keeps zongji from folding every GTID into a set of its own', () => {
    expect(tapped(() => undefined).zongji._executedGtids).toBeNull();
  });
});

describe('the cache of table definitions', () => {
  const definition = (tableId: number, rest: string, checksum = ''): Packet => {
    const id = Buffer.alloc(6);
    id.writeUIntLE(tableId, 0, 6);
    return packet(EVENT.tableMap, Buffer.concat([id, Buffer.from(rest), Buffer.from(checksum)]));
  };

  it('knows a definition by its bytes, whatever the header and the checksum', () => {
    const cache = new TableMapCache();
    expect(cache.isKnown(definition(1, 'columns', 'crc1'), 4)).toBe(false);
    expect(cache.isKnown(definition(1, 'columns', 'crc2'), 4)).toBe(true);
    expect(cache.isKnown(definition(2, 'columns', 'crc1'), 4)).toBe(false);
    expect(cache.isKnown(definition(1, 'Columns', 'crc1'), 4)).toBe(false);
    expect(cache.isKnown(definition(1, 'Columns', 'crc1'), 4)).toBe(true);
    cache.clear();
    expect(cache.isKnown(definition(1, 'Columns', 'crc1'), 4)).toBe(false);
  });

  it('keeps a copy: the buffer of a packet is used again', () => {
    const cache = new TableMapCache();
    const first = definition(1, 'columns');
    cache.isKnown(first, 0);
    first.buffer.write('CHANGED', 26);
    expect(cache.isKnown(definition(1, 'columns'), 0)).toBe(true);
  });
});
