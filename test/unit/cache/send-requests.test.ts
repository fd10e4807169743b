import { Writable } from 'node:stream';
import type { Command, Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { sendRequests } from '../../../src/cache/send-requests.ts';

/** A connection that answers at once, and counts the calls that a socket would make. */
function connection() {
  const writes: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      writes.push(chunk.toString());
      done();
    },
    writev: (chunks, done) => {
      writes.push(chunks.map(({ chunk }) => (chunk as Buffer).toString()).join(''));
      done();
    },
  });
  const sendCommand = async (command: Command): Promise<number> => {
    stream.write(command.toWritable({}));
    return Promise.resolve(1);
  };
  return { writes, client: { stream, sendCommand } as unknown as Redis };
}

const unlink = (key: string) => ({ kind: 'unlink', slot: null, places: [0], keys: [key] }) as const;
const OPTIONS = { waitReplicas: 0, waitMs: 0 };

describe('requests on a connection', () => {
  it('leave together in one write when they are made in one turn, also behind promises', async () => {
    const { writes, client } = connection();
    const send = async (key: string) => {
      await Promise.resolve();
      return sendRequests(client, [unlink(key)], OPTIONS);
    };
    await Promise.all(['a', 'b', 'c'].map(send));
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toEqual([['a', 'b', 'c'].map((key) => `*2\r\n$6\r\nunlink\r\n$1\r\n${key}\r\n`).join('')]);
  });

  it('leave in the turn they are made in', async () => {
    const { writes, client } = connection();
    for (const key of ['a', 'b']) {
      await sendRequests(client, [unlink(key)], OPTIONS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(writes).toHaveLength(2);
  });
});
