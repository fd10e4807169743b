import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, test } from 'vitest';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { ConsumerSession } from '../../../src/transport/kafka-consumer-session.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';

const MINUTE_MS = 60_000;
const BEAT_MS = 20;
const closing: (() => void)[] = [];
afterAll(() => closing.forEach((close) => close()));

/** It takes connections and never says a word. */
async function silentBroker(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function sessionBy(clock: FakeClock): Promise<ConsumerSession> {
  const options = {
    connection: { brokers: [await silentBroker()], clientId: 'test', tls: null, sasl: null },
    topic: 'sluice.test',
    partitions: 1,
    group: 'sluice.test.main',
    target: 'main',
    trace: new MemoryStartTrace(),
    clock,
    logger: silentLogger,
    metrics: new Metrics(),
    heartbeatIntervalMs: BEAT_MS,
  };
  return new ConsumerSession(options, () => Promise.resolve(null), new Set());
}

test.concurrent('a session goes on when somebody sets the clock forward', async ({ expect }) => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const run = (await sessionBy(clock)).run(stop.signal);
  clock.set(60 * MINUTE_MS);
  await delay(10 * BEAT_MS);
  stop.abort(new Error('stopped'));
  await expect(run).resolves.toBeUndefined();
});

test.concurrent(
  'a session without a sign of life ends, also when somebody has set the clock back',
  async ({ expect }) => {
    const clock = new FakeClock();
    const run = (await sessionBy(clock)).run(new AbortController().signal);
    clock.set(-60 * MINUTE_MS);
    clock.advance(2 * MINUTE_MS);
    await expect(run).rejects.toThrow('no sign of life');
  },
);

test.concurrent(
  'a session ends when a broker does not answer, before kafkajs has asked it six times',
  async ({ expect }) => {
    const run = (await sessionBy(new FakeClock())).run(new AbortController().signal);
    await expect(run).rejects.toThrow('did not answer ApiVersions in time');
  },
);
