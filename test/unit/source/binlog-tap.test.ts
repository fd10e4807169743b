import { describe, expect, it } from 'vitest';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import type { BinlogCommand, Packet, ZongjiInternals } from '../../../src/source/zongji-internals.ts';

/** A packet in the middle of a chunk, as the parser of mysql2 gives it. */
function packet(event: string, marker = 0): Packet {
  const payload = Buffer.concat([Buffer.from([marker]), Buffer.from(event)]);
  const buffer = Buffer.concat([Buffer.from('before'), payload, Buffer.from('behind')]);
  return { buffer, offset: 6, end: 6 + payload.length };
}

/** zongji as far as the tap sees it. */
function tapped(onEvent: (event: string) => void = () => undefined) {
  const events: string[] = [];
  const broken: unknown[] = [];
  let started = 0;
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
    onBroken: (error) => broken.push(error),
  });
  const command = new zongji.BinlogClass(() => undefined);
  let receive = command.start(undefined, null) as (packet: Packet) => unknown;
  const feed = (...packets: Packet[]): void => {
    for (const each of packets) receive = receive(each) as typeof receive;
  };
  return { tap, events, broken, feed, started: () => started };
}

describe('the tap on the packets of a dump', () => {
  it('lets zongji ask for the dump, and stays between it and every packet', () => {
    const { feed, events, started } = tapped();
    feed(packet('one'), packet('two'), packet('three'));
    expect(started()).toBe(1);
    expect(events).toEqual(['one', 'two', 'three']);
  });

  it('breaks when the server ends the stream', () => {
    const { feed, broken } = tapped();
    feed(packet('', 0xfe));
    expect(broken).toMatchObject([{ message: 'the server ended the stream' }]);
  });

  it('breaks at an event that cannot be read, and delivers nothing behind it', () => {
    const error = new Error('unreadable');
    const { feed, broken, events } = tapped(() => {
      throw error;
    });
    feed(packet('one'), packet('two'));
    expect(broken).toEqual([error]);
    expect(events).toEqual(['one']);
  });

  it('delivers nothing after it was closed', () => {
    const { tap, feed, events, broken } = tapped();
    tap.close();
    feed(packet('one'), packet('', 0xfe));
    expect([events, broken]).toEqual([[], []]);
  });
});
