import { describe, expect, it } from 'vitest';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import type { BinlogCommand, DumpConnection, ZongjiInternals } from '../../../src/source/zongji-internals.ts';

/** A packet as it stands on the wire; its number comes when it is fed. */
function packet(event: string, marker = 0, number?: number): Buffer {
  const payload = Buffer.concat([Buffer.from([marker]), Buffer.from(event)]);
  return Buffer.concat([Buffer.from([payload.length, 0, 0, number ?? 0]), payload]);
}

/** zongji and its connection as far as the tap sees them. */
function tapped(onEvent: (event: string) => void = () => undefined) {
  const events: string[] = [];
  const broken: unknown[] = [];
  const parsed: { readonly chunk: string; readonly number: number }[] = [];
  let [started, chunks] = [0, 0];
  const zongji: ZongjiInternals = {
    BinlogClass: class implements BinlogCommand {
      start(): unknown {
        started++;
        return () => {
          throw new Error('its own parser has seen a packet');
        };
      }
    },
  };
  const tap = new BinlogTap({
    zongji,
    onEvent: (bytes, start, end) => {
      events.push(bytes.toString('latin1', start, end));
      onEvent(bytes.toString('latin1', start, end));
    },
    onChunk: () => void chunks++,
    onBroken: (error) => broken.push(error),
  });
  const connection: DumpConnection = {
    sequenceId: 1,
    packetParser: {
      execute: (chunk) => parsed.push({ chunk: chunk.toString('latin1'), number: connection.sequenceId }),
    },
  };
  const command = new zongji.BinlogClass(() => undefined);
  command.start(undefined, connection);
  let next = 1;
  const feedBytes = (bytes: Buffer): void => connection.packetParser.execute(bytes);
  const feed = (...packets: Buffer[]): void => {
    for (const each of packets) each[3] = next++;
    feedBytes(Buffer.concat(packets));
  };
  return { tap, events, broken, parsed, feed, feedBytes, started: () => started, chunks: () => chunks };
}

describe('the tap on the packets of a dump', () => {
  it('lets zongji ask for the dump, and stays between both clients and every packet', () => {
    const { feed, events, parsed, started, chunks } = tapped();
    feed(packet('one'), packet('two'));
    feed(packet('three'));
    expect(started()).toBe(1);
    expect(events).toEqual(['one', 'two', 'three']);
    expect(parsed).toEqual([]);
    expect(chunks()).toBe(2);
  });

  it('breaks when the server ends the stream', () => {
    const { feed, broken } = tapped();
    feed(packet('', 0xfe));
    expect(broken).toMatchObject([{ message: 'the server ended the stream' }]);
  });

  it('leaves an error of the server to the client, under the number that it expects', () => {
    const { feed, broken, events, parsed } = tapped();
    feed(packet('one'), packet('refused', 0xff), packet('two'));
    expect(parsed).toEqual([{ chunk: packet('refused', 0xff, 2).toString('latin1'), number: 2 }]);
    expect([events, broken]).toEqual([['one'], []]);
  });

  it('breaks at an event that cannot be read, and delivers nothing behind it', () => {
    const error = new Error('unreadable');
    const { feed, broken, events, chunks } = tapped(() => {
      throw error;
    });
    feed(packet('one'), packet('two'));
    expect(broken).toEqual([error]);
    expect(events).toEqual(['one']);
    expect(chunks()).toBe(0);
  });

  it('breaks when a packet is missing, and what came before is delivered', () => {
    const { feedBytes, events, broken, chunks } = tapped();
    feedBytes(Buffer.concat([packet('one', 0, 254), packet('two', 0, 255), packet('three', 0, 0)]));
    expect([events, broken, chunks()]).toEqual([['one', 'two', 'three'], [], 1]);
    feedBytes(Buffer.concat([packet('four', 0, 1), packet('six', 0, 3), packet('seven', 0, 4)]));
    expect(events).toEqual(['one', 'two', 'three', 'four']);
    expect(broken).toMatchObject([
      { code: 'SOURCE_UNAVAILABLE', message: 'packet 3 of the server came where 2 was due' },
    ]);
    expect(chunks()).toBe(1);
  });

  it('says nothing of a chunk before the first event: it may be half of a refusal', () => {
    const { feedBytes, chunks, parsed } = tapped();
    const refusal = packet('refused', 0xff, 1);
    feedBytes(refusal.subarray(0, 7));
    expect(chunks()).toBe(0);
    feedBytes(refusal.subarray(7));
    expect([chunks(), parsed.length]).toEqual([0, 1]);
    const other = tapped();
    const event = packet('one', 0, 1);
    other.feedBytes(event.subarray(0, 5));
    expect(other.chunks()).toBe(0);
    other.feedBytes(event.subarray(5));
    other.feedBytes(packet('two', 0, 2).subarray(0, 5));
    expect(other.chunks()).toBe(2);
  });

  it('delivers nothing after it was closed', () => {
    const { tap, feed, events, broken } = tapped();
    tap.close();
    feed(packet('one'), packet('', 0xfe));
    expect([events, broken]).toEqual([[], []]);
  });
});
