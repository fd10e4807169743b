import { describe, expect, it } from 'vitest';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import type { BinlogCommand, DumpConnection, ZongjiInternals } from '../../../src/source/zongji-internals.ts';

/** A packet as it stands on the wire. */
function packet(event: string, marker = 0, number = 7): Buffer {
  const payload = Buffer.concat([Buffer.from([marker]), Buffer.from(event)]);
  return Buffer.concat([Buffer.from([payload.length, 0, 0, number]), payload]);
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
  const feed = (...packets: Buffer[]): void => connection.packetParser.execute(Buffer.concat(packets));
  return { tap, events, broken, parsed, feed, started: () => started, chunks: () => chunks };
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
    feed(packet('one'), packet('refused', 0xff, 9), packet('two'));
    expect(parsed).toEqual([{ chunk: packet('refused', 0xff, 9).toString('latin1'), number: 9 }]);
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

  it('delivers nothing after it was closed', () => {
    const { tap, feed, events, broken } = tapped();
    tap.close();
    feed(packet('one'), packet('', 0xfe));
    expect([events, broken]).toEqual([[], []]);
  });
});
