import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RedisConnection } from '../../../src/cache/redis-connection.ts';

/** Says OK to everything at once, but to GET only when it is told to: also when the client has closed its side. */
async function slowServer() {
  const waiting: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const commands = data.toString().match(/^\*\d+/gm)?.length ?? 0;
      if (/\r\nget\r\n/i.test(data.toString())) waiting.push(socket);
      else socket.write('+OK\r\n'.repeat(commands));
    });
    onTestFinished(() => void socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port };
  const connection = new RedisConnection({
    address: { ...place, username: null, password: null, database: 0, tls: null },
    commandTimeoutMs: 5_000,
    clientName: 'test',
  });
  onTestFinished(() => connection.close());
  const ask = (): Promise<string | null> => connection.use((client) => client.get('k'));
  const asked = (count: number): Promise<unknown> => vi.waitFor(() => expect(waiting).toHaveLength(count));
  const answer = (): void => waiting.splice(0).forEach((socket) => socket.write('+value\r\n'));
  return { connection, place, ask, asked, answer };
}

describe('an answer on a connection', () => {
  it('counts', async () => {
    const { ask, asked, answer } = await slowServer();
    const reply = ask();
    await asked(1);
    answer();
    expect(await reply).toBe('value');
  });

  it('counts for nothing once the connection was given up: it may be one of a master that is none any more', async () => {
    const { connection, place, ask, asked, answer } = await slowServer();
    const reply = ask();
    const outcome = expect(reply).rejects.toThrow('given up');
    await asked(1);
    await connection.leave(place);
    answer();
    await outcome;
    // The next call has a connection of its own.
    const next = ask();
    await asked(1);
    answer();
    expect(await next).toBe('value');
  });

  it('still counts while the connection is closed by its owner', async () => {
    const { connection, ask, asked, answer } = await slowServer();
    const reply = ask();
    await asked(1);
    const closed = connection.close();
    answer();
    expect(await reply).toBe('value');
    await closed;
  });
});
