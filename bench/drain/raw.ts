/**
 * The raw drain: asks for the dump and drops what comes, unparsed. What the server and the socket can give, and nobody can beat.
 * Started by drain.ts.
 */
import { performance } from 'node:perf_hooks';
import { createConnection } from 'mysql2';
import type { Socket } from 'node:net';
import { report } from './second-half.ts';
import { serverId, settings } from './settings.ts';

const COM_BINLOG_DUMP = 0x12;
/** At the end of the log the server ends the stream, instead of waiting. */
const NON_BLOCK = 1;
/** The packet that ends it: its length, its number, the marker 0xfe, warnings and status. */
const EOF_BYTES = 9;

const connection = createConnection({ ...settings.mysql });
connection.query('SET @source_binlog_checksum = @@GLOBAL.binlog_checksum', (error) => {
  if (error) throw error;
  const { stream } = connection as unknown as { stream: Socket };
  stream.removeAllListeners('data');
  const seen: { readonly bytes: number; readonly atMs: number }[] = [];
  let bytes = 0;
  let tail = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    seen.push({ bytes, atMs: performance.now() });
    // The last packet may come in two chunks.
    tail = Buffer.concat([tail, chunk.subarray(-EOF_BYTES)]).subarray(-EOF_BYTES);
    if (isEnd(tail)) finish(seen);
  });
  stream.write(dumpRequest());
});

function dumpRequest(): Buffer {
  const { file, offset } = settings.from;
  const body = Buffer.alloc(11 + file.length);
  body[0] = COM_BINLOG_DUMP;
  body.writeUInt32LE(offset, 1);
  body.writeUInt16LE(NON_BLOCK, 5);
  body.writeUInt32LE(serverId, 7);
  body.write(file, 11);
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]);
}

function isEnd(tail: Buffer): boolean {
  return tail.length === EOF_BYTES && tail.readUIntLE(0, 3) === EOF_BYTES - 4 && tail[4] === 0xfe;
}

/** How long it all is, is only known now. */
function finish(seen: readonly { readonly bytes: number; readonly atMs: number }[]): never {
  const last = seen.at(-1) ?? { bytes: 0, atMs: 0 };
  // A log that ends too early would make the server look slow, or fast.
  const expected = settings.to.offset - settings.from.offset;
  if (last.bytes < expected) throw new Error(`${last.bytes} of ${expected} bytes came`);
  const half = seen.find(({ bytes }) => bytes >= last.bytes / 2) ?? last;
  return report({ share: 1 - half.bytes / last.bytes, seconds: (last.atMs - half.atMs) / 1000 });
}
