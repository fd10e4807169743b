import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { KafkaCheckpointStore } from '../../../src/transport/kafka-checkpoint-store.ts';
import { ensureTopics } from '../../../src/transport/kafka-topics.ts';
import { describeCheckpointStore } from '../../contract/checkpoint-store.suite.ts';
import { Topic } from '../../support/topic.ts';
import { connectionTo, KafkaHarness } from './kafka-harness.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import type { Checkpoint } from '../../../src/ports.ts';

const parts = { clock: systemClock, logger: silentLogger };

async function newTopic() {
  const connection = await connectionTo();
  const topic = `checkpoints-${randomUUID()}`;
  const plan = { topic, use: 'checkpoint', partitions: 1, replicationFactor: 1, retentionMs: null } as const;
  expect(await ensureTopics({ connection, topics: [plan], logger: silentLogger })).toEqual([]);
  return { connection, topic };
}

describeCheckpointStore('KafkaCheckpointStore', async () => {
  const place = await newTopic();
  return {
    open: () => new KafkaCheckpointStore({ ...place, ...parts, name: 'shop' }),
    write: (text, token) =>
      new Topic({ brokers: place.connection.brokers, name: place.topic }).produce([
        { key: token === 0 ? 'shop' : `shop#${token}`, value: text },
      ]),
    close: () => Promise.resolve(),
  };
});

describe('checkpoints in a topic', () => {
  const checkpoint = (lastVersion: number): Checkpoint => ({
    position: {
      flavour: 'mariadb',
      serverUuid: '1',
      coordinates: { file: 'binlog.000001', offset: 4 },
      gtidSet: '0-1-5',
    },
    lastVersion,
    epochs: new Map(),
    savedAtMs: 1_790_000_000_000,
  });

  it('of several daemons are kept apart by their names', async () => {
    const place = await newTopic();
    const stores = ['shop', 'blog', 'new'].map((name) => new KafkaCheckpointStore({ ...place, ...parts, name }));
    await stores[0]?.save(checkpoint(1), await stores[0].claim());
    await stores[1]?.save(checkpoint(2), await stores[1].claim());
    expect(await Promise.all(stores.map((store) => store.load()))).toEqual([checkpoint(1), checkpoint(2), null]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('are CHECKPOINT_UNAVAILABLE while they cannot be saved, and saved when they can', async () => {
    const connection = await connectionTo();
    const harness = await KafkaHarness.open({ partitions: 1 });
    const missing = new KafkaCheckpointStore({ connection, topic: `missing-${randomUUID()}`, ...parts, name: 'shop' });
    await expect(missing.save(checkpoint(1), 1)).rejects.toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
    await missing.close();
    const store = new KafkaCheckpointStore({ connection, topic: harness.topic.name, ...parts, name: 'shop' });
    await store.save(checkpoint(1), await store.claim());
    expect(await store.load()).toEqual(checkpoint(1));
    await store.close();
  });

  it('are cut off by `close`, which a silent broker does not hold up', async () => {
    const asked = vi.fn();
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on('data', asked))).listen(0, '127.0.0.1');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    await once(silent, 'listening');
    const connection = await connectionTo([`127.0.0.1:${(silent.address() as AddressInfo).port}`]);
    const store = new KafkaCheckpointStore({ connection, topic: 'any', ...parts, name: 'shop' });
    const calls = [store.load(), store.isNewest(1), store.save(checkpoint(1), 1)].map((call) =>
      call.catch((error: unknown) => error),
    );
    await vi.waitFor(() => expect(asked).toHaveBeenCalled(), { timeout: 5_000 });
    const began = performance.now();
    await store.close();
    for (const call of calls) expect(await call).toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
