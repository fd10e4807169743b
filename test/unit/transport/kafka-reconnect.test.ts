import { once } from 'node:events';
import { createRequire } from 'node:module';
import net, { type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cleanReconnects } from '../../../src/transport/kafka-reconnect.ts';

interface Connection {
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  isConnected(): boolean;
  send(request: object): Promise<Buffer>;
}
type ConnectionClass = new (options: object) => Connection;
type Respond = (socket: Socket, answer: Buffer) => void;

const require = createRequire(import.meta.url);
const KafkaConnection = require('kafkajs/src/network/connection.js') as ConnectionClass;
const Encoder = require('kafkajs/src/protocol/encoder.js') as new () => { writeInt32(value: number): object };

const logger = { namespace: () => logger, debug: () => undefined, warn: () => undefined, error: () => undefined };
const request = {
  request: { apiKey: 3, apiVersion: 1, apiName: 'Any', encode: () => Promise.resolve(new Encoder().writeInt32(1)) },
  response: { decode: (body: Buffer) => Promise.resolve({ body }), parse: ({ body }: { body: Buffer }) => body },
};
const BODY = Buffer.alloc(56, 'a');

/** The nth connection answers as the nth function says; the last one's way stays. */
async function connectTo(...ways: Respond[]): Promise<{ connection: Connection; accepted: Socket[] }> {
  cleanReconnects();
  cleanReconnects();
  const accepted: Socket[] = [];
  const server = net.createServer((socket) => {
    accepted.push(socket);
    const respond = ways[Math.min(accepted.length, ways.length) - 1];
    socket.on('error', () => undefined);
    socket.on('data', (data) => respond?.(socket, answerTo(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = new KafkaConnection({
    host: '127.0.0.1',
    port,
    logger,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
    socketFactory: ({ onConnect }: { onConnect: () => void }) => net.connect({ host: '127.0.0.1', port }, onConnect),
  });
  onTestFinished(async () => {
    await connection.disconnect();
    accepted.forEach((socket) => socket.destroy());
    server.close();
  });
  return { connection, accepted };
}

function answerTo(data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + BODY.length, 0);
  data.copy(head, 4, 8, 12);
  return Buffer.concat([head, BODY]);
}

const whole: Respond = (socket, answer) => void socket.write(answer);

/** Connects first if need be, as kafkajs does. */
async function send(connection: Connection): Promise<Buffer> {
  if (!connection.isConnected()) await connection.connect();
  return connection.send(request);
}

/** The pinned library must still look as it did when this was mended. */
describe('a connection of kafkajs', () => {
  it('reads answers after its socket died in the middle of one', async () => {
    const half: Respond = (socket, answer) => void socket.end(answer.subarray(0, 30));
    const { connection, accepted } = await connectTo(half, whole);
    await expect(send(connection)).rejects.toThrow('Closed connection');
    for (let i = 0; i < 3; i++) expect(await send(connection)).toEqual(BODY);
    expect(accepted).toHaveLength(2);
  });

  it('does not hear a socket that is no longer in use', async () => {
    const { connection, accepted } = await connectTo(whole);
    // As two requests at once do it: each makes a socket, and the later one is used.
    await Promise.all([connection.connect(), connection.connect()]);
    await expect.poll(() => accepted.length).toBe(2);
    const [first] = accepted;
    await new Promise<void>((resolve) => first?.write(Buffer.from([0, 0, 1]), () => resolve()));
    for (let i = 0; i < 3; i++) expect(await send(connection)).toEqual(BODY);
  });

  it.each([
    ['a negative size', [0xff, 0xff, 0xff, 0xfe, 1, 2, 3, 4]],
    ['a size too small for an answer', [0, 0, 0, 1, 1, 2, 3, 4]],
  ])('takes %s for a broken connection', async (_, bytes) => {
    const { connection } = await connectTo((socket) => void socket.write(Buffer.from(bytes)), whole);
    await expect(send(connection)).rejects.toThrow('Connection error: the broker');
    expect(await send(connection)).toEqual(BODY);
  });
});
