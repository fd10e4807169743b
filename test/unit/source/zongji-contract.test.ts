/**
 * Pins the parts of zongji and mysql2 that stand in no documentation and that src/source uses. If one of these fails
 * after an upgrade, read src/source/binlog-tap.ts and binlog-stream.ts before mending the test.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ZongJi from '@vlasky/zongji';
import { describe, expect, it } from 'vitest';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import { internalsOf, type BinlogCommandClass, type Packet } from '../../../src/source/zongji-internals.ts';

const require = createRequire(import.meta.url);
const source = (path: string): string =>
  readFileSync(require.resolve('@vlasky/zongji').replace(/index\.js$/, path), 'utf8');

it('both are the versions that were read', () => {
  const wanted = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const zongji = JSON.parse(source('package.json')) as { version: string };
  const mysql2 = require('mysql2/package.json') as { version: string };
  const why = 'another version was installed: read what has changed in it, then name it here and in package.json';
  expect([zongji.version, mysql2.version], why).toEqual(['0.9.0', '3.24.5']);
  expect([wanted.dependencies['@vlasky/zongji'], wanted.dependencies['mysql2']], why).toEqual(['0.9.0', '3.24.5']);
});

it('the class that receives the packets is made before `ready` and used behind it', () => {
  const text = source('index.js');
  const order = [
    'this.BinlogClass = initBinlogClass(this)',
    "this.emit('ready')",
    'this.connection.addCommand(new this.BinlogClass(binlogHandler))',
  ];
  const places = order.map((part) => text.indexOf(part));
  expect(places, 'zongji no longer takes a class that is replaced in its `ready` handler').not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

/** zongji's own class, as `start()` makes it. */
async function ownClass(zongji: ZongJi): Promise<BinlogCommandClass> {
  const path = require.resolve('@vlasky/zongji').replace(/index\.js$/, 'lib/sequence/binlog.js');
  const module = (await import(path)) as { default: (zongji: ZongJi) => BinlogCommandClass };
  return module.default(zongji);
}

interface Command {
  execute(packet: Packet | undefined, connection: unknown): boolean;
  on(event: string, listener: (error: Error) => void): void;
}

/** Our class over zongji's own one, on a connection that keeps what is sent. */
async function tapped(options: Record<string, unknown>) {
  const zongji = new ZongJi({});
  Object.assign((zongji as unknown as { options: object }).options, options);
  const internals = internalsOf(zongji);
  internals.BinlogClass = await ownClass(zongji);
  const sent: Buffer[] = [];
  const events: string[] = [];
  new BinlogTap({
    zongji: internals,
    onEvent: (bytes, start, end) => events.push(bytes.toString('latin1', start, end)),
    onBroken: (error) => events.push(String(error)),
  });
  const connection = {
    _resetSequenceId: () => undefined,
    writePacket: ({ buffer }: { buffer: Buffer }) => sent.push(buffer.subarray(4)),
  };
  const command = new internals.BinlogClass(() => undefined) as unknown as Command;
  return { command, connection, sent, events };
}

/** As mysql2 gives it. */
function packetOf(payload: Buffer): Packet {
  const buffer = Buffer.concat([Buffer.alloc(4), payload]);
  const isError = (): boolean => payload[0] === 0xff;
  const asError = (): Error => new Error('the server refuses');
  return Object.assign({ buffer, offset: 4, end: buffer.length }, { isError, asError, isEOF: () => false });
}

describe('our class in the place of zongji’s own', () => {
  it('sends the request for a dump by file and offset', async () => {
    const { command, connection, sent } = await tapped({ serverId: 77, filename: 'binlog.000005', position: 1234 });
    expect(command.execute(undefined, connection), 'the command ended before its first packet').toBe(false);
    const [request = Buffer.alloc(0)] = sent;
    expect(request[0], 'not COM_BINLOG_DUMP').toBe(0x12);
    expect([request.readUInt32LE(1), request.readUInt32LE(7)]).toEqual([1234, 77]);
    expect(request.toString('latin1', 11)).toBe('binlog.000005\0');
  });

  it('sends the request for a dump by GTIDs', async () => {
    const gtidSet = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';
    const { command, connection, sent } = await tapped({ serverId: 77, gtidSet });
    command.execute(undefined, connection);
    const [request = Buffer.alloc(0)] = sent;
    expect(request[0], 'not COM_BINLOG_DUMP_GTID').toBe(0x1e);
    expect(request.toString('hex')).toContain('3e11fa4771ca11e19e33c80aa9429562');
  });

  it('gets every packet, one behind the other, before `execute` returns', async () => {
    const { command, connection, events } = await tapped({});
    command.execute(undefined, connection);
    for (const text of ['one', 'two', 'three']) {
      expect(command.execute(packetOf(Buffer.from(`\0${text}`)), connection), 'the command ended').toBe(false);
      expect(events.at(-1), 'the packet did not reach us at once').toBe(text);
    }
  });

  it('never sees an error of the server: the command itself says so, and ends', async () => {
    const { command, connection, events } = await tapped({});
    const errors: string[] = [];
    command.on('error', ({ message }) => errors.push(message));
    command.execute(undefined, connection);
    expect(command.execute(packetOf(Buffer.from([0xff])), connection)).toBe(true);
    expect(errors).toEqual(['the server refuses']);
    expect(events).toEqual([]);
  });
});

describe('the parser of mysql2', () => {
  interface Parser {
    execute(chunk: Buffer): void;
  }
  const PacketParser = require(require.resolve('mysql2').replace(/index\.js$/, 'lib/packet_parser.js')) as new (
    onPacket: (packet: Packet) => void,
  ) => Parser;
  const framed = (payload: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUIntLE(payload.length, 0, 3);
    return Buffer.concat([head, payload]);
  };
  const parsed = (chunks: readonly Buffer[]): Buffer[] => {
    const payloads: Buffer[] = [];
    const parser = new PacketParser(({ buffer, offset, end }) => payloads.push(buffer.subarray(offset, end)));
    for (const chunk of chunks) parser.execute(chunk);
    return payloads;
  };

  it('never writes to the bytes of a packet again: rows are read from them later', () => {
    const payloads = Array.from({ length: 40 }, (_, index) => Buffer.alloc(1 + index * 7, index + 1));
    const stream = Buffer.concat(payloads.map(framed));
    for (const size of [1, 3, 50, 1000, stream.length]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(Buffer.from(stream.subarray(at, at + size)));
      // All of them, after all were parsed.
      expect(parsed(chunks), `in chunks of ${size} bytes`).toEqual(payloads);
    }
  });

  it('puts an event over 16 MB together', () => {
    const event = Buffer.alloc(0xffffff + 100, 7);
    const [whole] = parsed([framed(event.subarray(0, 0xffffff)), framed(event.subarray(0xffffff))]);
    expect(whole?.equals(event), 'the parts of a large packet do not come as one').toBe(true);
  });
});

it('pausing a connection pauses its socket, and packets of a parsed chunk are kept in order', () => {
  const text = readFileSync(require.resolve('mysql2').replace(/index\.js$/, 'lib/base/connection.js'), 'utf8');
  expect(text).toContain('this._paused_packets.push(packet ? packet.clone() : packet)');
  expect(text).toMatch(/pause\(\) \{\s*this\._paused = true;\s*this\.stream\.pause\(\);/);
});
