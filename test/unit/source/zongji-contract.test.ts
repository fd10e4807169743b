/**
 * Pins the parts of zongji and mysql2 that stand in no documentation and that src/source uses. If one of these fails
 * after an upgrade, read src/source/binlog-tap.ts and binlog-stream.ts before mending the test.
 */
import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import ZongJi from '@vlasky/zongji';
import { createConnection } from 'mysql2';
import { describe, expect, it, vi } from 'vitest';
import { BinlogTap } from '../../../src/source/binlog-tap.ts';
import { internalsOf, type BinlogCommandClass } from '../../../src/source/zongji-internals.ts';

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

const mysql2 = (path: string): string => require.resolve('mysql2').replace(/index\.js$/, path);
const framed = (payload: Buffer, number = 0): Buffer =>
  Buffer.concat([Buffer.from([payload.length & 0xff, payload.length >> 8, 0, number]), payload]);

/** Our class over zongji's own one, on a connection of mysql2 whose server is this test. */
async function tapped(options: Record<string, unknown>) {
  const zongji = new ZongJi({});
  Object.assign((zongji as unknown as { options: object }).options, options);
  const internals = internalsOf(zongji);
  internals.BinlogClass = await ownClass(zongji);
  const events: string[] = [];
  new BinlogTap({
    zongji: internals,
    onEvent: (bytes, start, end) => events.push(bytes.toString('latin1', start, end)),
    onChunk: () => events.push('|'),
    onBroken: (error) => events.push(String(error)),
  });
  const stream = new PassThrough();
  const sent: Buffer[] = [];
  stream.write = (chunk: Buffer) => sent.push(Buffer.from(chunk)) > 0;
  const connection = createConnection({ isServer: true, stream: () => stream } as never);
  const errors: string[] = [];
  const command = new internals.BinlogClass(() => undefined) as unknown as EventEmitter;
  command.on('error', ({ message }: Error) => errors.push(message));
  (connection as unknown as { addCommand(command: unknown): void }).addCommand(command);
  const receive = (...packets: Buffer[]): void => void stream.emit('data', Buffer.concat(packets));
  return { sent: () => Buffer.concat(sent).subarray(4), events, errors, receive };
}

describe('our class in the place of zongji’s own', () => {
  it('sends the request for a dump by file and offset', async () => {
    const { sent } = await tapped({ serverId: 77, filename: 'binlog.000005', position: 1234 });
    const request = sent();
    expect(request[0], 'not COM_BINLOG_DUMP').toBe(0x12);
    expect([request.readUInt32LE(1), request.readUInt32LE(7)]).toEqual([1234, 77]);
    expect(request.toString('latin1', 11)).toBe('binlog.000005\0');
  });

  it('sends the request for a dump by GTIDs', async () => {
    const { sent } = await tapped({ serverId: 77, gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5' });
    const request = sent();
    expect(request[0], 'not COM_BINLOG_DUMP_GTID').toBe(0x1e);
    expect(request.toString('hex')).toContain('3e11fa4771ca11e19e33c80aa9429562');
  });

  it('gets every chunk of the socket in the place of the parser, and at once', async () => {
    const { events, receive } = await tapped({});
    receive(framed(Buffer.from('\0one'), 1), framed(Buffer.from('\0two'), 2));
    expect(events, 'the connection does not ask for its parser with every chunk').toEqual(['one', 'two', '|']);
    receive(framed(Buffer.from('\0three'), 3));
    expect(events.slice(3)).toEqual(['three', '|']);
  });

  it('leaves an error of the server to the command, which says so, without a word on the console', async () => {
    const { events, errors, receive } = await tapped({});
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    receive(framed(Buffer.from('\0one'), 1));
    receive(framed(Buffer.from('\xff\x10\x04#HY000the server refuses', 'latin1'), 2));
    expect(errors, 'the command was not told').toEqual(['the server refuses']);
    expect(events).toEqual(['one', '|']);
    expect(complaints, 'the number of the packet is not the one that was expected').not.toHaveBeenCalled();
  });
});

it('an encrypted connection asks for its parser with every chunk, too', () => {
  const text = readFileSync(mysql2('lib/base/connection.js'), 'utf8');
  const listeners = text.split(".on('data', (data) => {").slice(1);
  expect(listeners).toHaveLength(2);
  for (const each of listeners) expect(each.slice(0, 400)).toContain('this.packetParser.execute(data);');
});

it('pausing a connection keeps its chunks from the parser, and resuming it gives them in order', async () => {
  const stream = new PassThrough();
  const connection = createConnection({ isServer: true, stream: () => stream } as never);
  const chunks: string[] = [];
  const inside = connection as unknown as { packetParser: { execute(chunk: Buffer): void } };
  inside.packetParser = { execute: (chunk) => chunks.push(String(chunk)) };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  connection.pause();
  stream.write('one');
  stream.write('two');
  await turn();
  expect(chunks, 'a paused connection goes on to parse').toEqual([]);
  connection.resume();
  await turn();
  expect(chunks.join(''), 'a resumed connection does not ask for its parser').toBe('onetwo');
  connection.destroy();
});

it('an instance says that it has stopped, also when it was never connected', async () => {
  const zongji = new ZongJi({});
  const stopped = vi.fn();
  zongji.once('stopped', stopped);
  zongji.stop();
  await vi.waitFor(() => expect(stopped, '`stop` would wait for ever').toHaveBeenCalledTimes(1));
});
