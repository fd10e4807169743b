/**
 * Pins the parts of zongji and mysql2 that stand in no documentation and that src/source uses. If one of these fails
 * after an upgrade, read src/source/binlog-tap.ts and binlog-stream.ts before mending the test.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ZongJi from '@vlasky/zongji';
import { expect, it } from 'vitest';
import {
  internalsOf,
  type BinlogCommand,
  type Packet,
  type ZongjiEvent,
} from '../../../src/source/zongji-internals.ts';

const require = createRequire(import.meta.url);
const source = (path: string): string =>
  readFileSync(require.resolve('@vlasky/zongji').replace(/index\.js$/, path), 'utf8');

it('both are the versions that were read', () => {
  const wanted = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const zongji = JSON.parse(source('package.json')) as { version: string };
  const mysql2 = require('mysql2/package.json') as { version: string };
  expect([zongji.version, mysql2.version]).toEqual(['0.9.0', '3.24.5']);
  expect([wanted.dependencies['@vlasky/zongji'], wanted.dependencies['mysql2']]).toEqual(['0.9.0', '3.24.5']);
});

it('the class that receives the packets is made before `ready` and used behind it', () => {
  const text = source('index.js');
  const order = [
    'this.BinlogClass = initBinlogClass(this)',
    "this.emit('ready')",
    'new this.BinlogClass(binlogHandler)',
  ];
  const places = order.map((part) => text.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

/** zongji's own class, as `start()` makes it. */
async function binlogClass(zongji: ZongJi): Promise<new (callback: unknown) => BinlogCommand> {
  const path = require.resolve('@vlasky/zongji').replace(/index\.js$/, 'lib/sequence/binlog.js');
  const module = (await import(path)) as { default: (zongji: ZongJi) => new (callback: unknown) => BinlogCommand };
  return module.default(zongji);
}

/** An event of unknown type as it comes in a packet. */
function packetOf(type: number, body = Buffer.alloc(8)): Packet {
  const header = Buffer.alloc(20);
  header[5] = type;
  header.writeUInt32LE(19 + body.length, 10);
  const buffer = Buffer.concat([Buffer.alloc(4), header, body]);
  return Object.assign({ buffer, offset: 4, end: buffer.length }, { isEOF: () => false, isError: () => false });
}

it('a packet is parsed synchronously, and the callback gets the event before `binlogData` returns', async () => {
  const zongji = new ZongJi({});
  const Class = await binlogClass(zongji);
  const events: (ZongjiEvent | undefined)[] = [];
  const command = new Class((_: unknown, event: ZongjiEvent | undefined) => events.push(event));
  const next = command.binlogData(packetOf(16), null);
  expect(events).toHaveLength(1);
  // What it returns is its own method: our class must return its own instead.
  expect(next).toBe((Class.prototype as Record<string, unknown>)['binlogData']);
});

it('an event that cannot be parsed arrives as an error in the callback', async () => {
  const Class = await binlogClass(new ZongJi({}));
  const errors: unknown[] = [];
  new Class((error: unknown) => errors.push(error)).binlogData(packetOf(30, Buffer.alloc(2)), null);
  expect(errors[0]).toBeInstanceOf(Error);
});

it('rows without a table are marked as filtered out, without an error', async () => {
  const Class = await binlogClass(new ZongJi({}));
  const got: unknown[] = [];
  const body = Buffer.concat([Buffer.alloc(8), Buffer.from([2, 0, 1, 1, 0]), Buffer.alloc(8)]);
  new Class((error: unknown, event: ZongjiEvent | undefined) => got.push(error, event?._filtered)).binlogData(
    packetOf(30, body),
    null,
  );
  expect(got).toEqual([undefined, true]);
});

it('the parser of rows reads the table from `zongji.tableMap`, which may be replaced', async () => {
  const zongji = new ZongJi({});
  const internals = internalsOf(zongji);
  internals.tableMap = {
    0: {
      columnSchemas: [{ COLUMN_TYPE: 'tinyint' }],
      columns: [{ name: 'a', charset: null, type: 1, metadata: {} }],
      parentSchema: 's',
      tableName: 't',
    },
  } as unknown as typeof internals.tableMap;
  const Class = await binlogClass(zongji);
  const rows: unknown[] = [];
  const body = Buffer.concat([Buffer.alloc(8), Buffer.from([2, 0, 1, 1, 0, 7])]);
  new Class((error: unknown, event: ZongjiEvent | undefined) =>
    rows.push(error, event?.rows, event?.columns_present_bitmap),
  ).binlogData(packetOf(30, body), null);
  expect(rows).toEqual([undefined, [{ a: 7 }], Buffer.from([1])]);
});

it('pausing a connection pauses its socket, and packets of a parsed chunk are kept in order', () => {
  const text = readFileSync(require.resolve('mysql2').replace(/index\.js$/, 'lib/base/connection.js'), 'utf8');
  expect(text).toContain('this._paused_packets.push(packet ? packet.clone() : packet)');
  expect(text).toMatch(/pause\(\) \{\s*this\._paused = true;\s*this\.stream\.pause\(\);/);
});
