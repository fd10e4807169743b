import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startRedis, type ThrowawayRedis } from '../../../deploy/local/services.ts';
import { RedisCache } from '../../../src/cache/redis-cache.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { batchOf, deleteOf, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { metricLines, workerHarness } from '../../support/worker-harness.ts';
import { addressOf, KEPT_VERSION_MS } from './redis-harness.ts';

const PARTITIONS = 4;
const BATCHES = 60;
const KEYS = 500;

/** A worker on a real server that is disturbed while four partitions are applied. */
describe('a worker whose Redis is disturbed', () => {
  let server: ThrowawayRedis;
  let app: Redis;
  beforeAll(async () => {
    // With a log on disk the server comes back with what it had acknowledged: only what it did not is the worker's.
    server = await startRedis({ flags: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    app = new Redis(server.url);
    app.on('error', () => undefined);
  });
  afterAll(async () => {
    app.disconnect();
    await server.remove();
  });

  const start = () => {
    const cache = new RedisCache({
      name: 'test',
      address: addressOf(server.url),
      commandTimeoutMs: 2_000,
      versionTtlMs: KEPT_VERSION_MS,
      flushKeysPerSecond: 50_000,
      clock: systemClock,
    });
    onTestFinished(() => cache.close());
    const plans = plansOf(planOf({ ttlMs: null }));
    return workerHarness({ cache, plans, clock: systemClock, retry: { baseMs: 5, maxMs: 50 } });
  };

  /** Each partition refreshes its own keys again and again, and deletes one plainly in each batch. */
  const batchAt = (run: string, partition: number, batch: number): Invalidation[] => {
    const version = (index: number): number => batch * KEYS + index + 1;
    const refreshes = Array.from({ length: KEYS }, (_, i) =>
      refreshOf(`${run}:${partition}:${i}`, version(i), { batch }),
    );
    return [...refreshes, deleteOf(`${run}:plain:${partition}:${batch}`, version(KEYS))];
  };

  type Disturb = (batch: number, untilRetried: () => Promise<void>) => Promise<void>;

  const runAll = async (run: string, disturb: Disturb) => {
    const { worker, metrics, signal } = start();
    const retries = async (): Promise<number> => {
      const [line = '0'] = await metricLines(metrics, 'sluice_target_retries_total');
      return Number(line.split(' ').at(-1));
    };
    const untilRetried = (): Promise<void> => expect.poll(retries).toBeGreaterThan(0);
    const plain = Array.from(
      { length: PARTITIONS * BATCHES },
      (_, i) => `${run}:plain:${i % PARTITIONS}:${Math.floor(i / PARTITIONS)}`,
    );
    await app.mset(Object.fromEntries(plain.map((key) => [key, 'stale'])));
    await Promise.all(
      Array.from({ length: PARTITIONS }, async (_, partition) => {
        for (let batch = 0; batch < BATCHES; batch++) {
          const disturbance = partition === 0 ? disturb(batch, untilRetried) : undefined;
          await worker.handle({ ...batchOf(...batchAt(run, partition, batch)), partition }, signal);
          await disturbance;
        }
      }),
    );
    await expect.poll(() => app.ping().catch(() => null)).toBe('PONG');
    expect(await app.exists(plain)).toBe(0);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const keys = Array.from({ length: KEYS }, (_, i) => `${run}:${partition}:${i}`);
      expect(new Set(await app.mget(keys))).toEqual(new Set([JSON.stringify({ batch: BATCHES - 1 })]));
    }
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="test"} 1']);
    expect(await retries()).toBeGreaterThan(0);
  };

  test('killed and restarted five times: nothing is lost and nothing old comes back', async () => {
    await runAll('killed', async (batch) => {
      if (batch % 10 !== 5) return;
      await server.kill('SIGKILL');
      await server.restart();
    });
  });

  test('out of memory for a while: nothing is lost', async () => {
    await runAll('full', async (batch, untilRetried) => {
      if (batch !== 10) return;
      await app.config('SET', 'maxmemory', '1mb');
      await untilRetried();
      await app.config('SET', 'maxmemory', '0');
    });
  });

  test('a read-only replica for a while: nothing is lost', async () => {
    await runAll('replica', async (batch, untilRetried) => {
      if (batch !== 10) return;
      await app.replicaof('127.0.0.1', 1);
      await untilRetried();
      await app.replicaof('NO', 'ONE');
    });
  });
});
