import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ConnectionPool } from '@platformatic/kafka';
import { expect, it, onTestFinished, vi } from 'vitest';
import { KnownBrokers } from '../../../src/transport/known-brokers.ts';
import { PlatformaticConnections } from '../../../src/transport/platformatic-connections.ts';

const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const SESSION_MS = 250;

/** A broker that lets everybody in, for a moment. */
async function broker() {
  const sockets: Socket[] = [];
  let logins = 0;
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    let begun = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      begun = Buffer.concat([begun, chunk]);
      while (begun.length >= 4 && begun.length >= 4 + begun.readInt32BE(0)) {
        const [apiKey, correlationId] = [begun.readInt16BE(4), begun.readInt32BE(8)];
        begun = begun.subarray(4 + begun.readInt32BE(0));
        if (apiKey === SASL_HANDSHAKE) socket.write(answer(correlationId, [0, 0, 0, 0, 0, 1, 0, 5], 'PLAIN'));
        if (apiKey !== SASL_AUTHENTICATE) continue;
        logins++;
        // Tags, no error, no message, no bytes; the session in milliseconds; tags.
        socket.write(answer(correlationId, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, SESSION_MS, 0]));
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    sockets,
    logins: () => logins,
  };
}

function answer(correlationId: number, bytes: readonly number[], text = ''): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + bytes.length + text.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, Buffer.from(bytes), Buffer.from(text)]);
}

it('a connection that has ended does not take the one after it out of the pool when its login would be renewed', async () => {
  const { address, sockets, logins } = await broker();
  const sasl = { mechanism: 'PLAIN', username: 'a', password: 'b' } as const;
  const pool = new ConnectionPool('test', { sasl, requestTimeout: 100 });
  onTestFinished(() => pool.close());
  const brokers = new KnownBrokers([`${address.host}:${address.port}`]);
  new PlatformaticConnections({ pool, tls: null, brokers });
  const first = await pool.get(address);
  const ended = once(first, 'close');
  sockets[0]?.destroy();
  await ended;
  const second = await pool.get(address);
  expect(second).not.toBe(first);
  // By then the first would have asked for a login, and given up.
  await vi.waitFor(() => expect(logins()).toBeGreaterThan(3), { timeout: 20_000 });
  expect(pool.getEstablishedConnection(address)).toBe(second);
});
