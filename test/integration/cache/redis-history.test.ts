import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startRedisSentinel, type ThrowawayRedisSentinel } from '../../../deploy/local/redis-cluster.ts';
import { startRedis } from '../../../deploy/local/services.ts';
import type { HistoryEvent } from '../../../src/cache/history-repair.ts';
import type { RedisCache } from '../../../src/cache/redis-cache.ts';
import type { CacheCommand, CacheOutcome } from '../../../src/ports.ts';
import type { TargetAddress } from '../../../src/runtime/config/config.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { addressOf, cacheOf, sentinelAddress, sentinelApp } from './redis-harness.ts';

const WITHIN = { timeout: 30_000, interval: 50 };

/** A cache that counts what it tells. */
function watched(
  address: TargetAddress,
  more: Partial<ConstructorParameters<typeof RedisCache>[0]> = {},
): { cache: RedisCache; events: HistoryEvent[] } {
  const events: HistoryEvent[] = [];
  const cache = cacheOf(address, {
    commandTimeoutMs: 1_000,
    connectTimeoutMs: 1_000,
    onHistory: (event) => events.push(event),
    ...more,
  });
  onTestFinished(() => cache.close());
  return { cache, events };
}

const remove = (key: string, version = 2): CacheCommand => ({ kind: 'delete', key, version, versioned: false });
const blocked = (key: string, version = 2): CacheCommand => ({ kind: 'delete', key, version, versioned: true });
const set = (key: string, version: number, value: string): CacheCommand => {
  return { kind: 'set', key, version, value, ttlMs: null };
};

/** As the worker does: again and again. */
async function untilApplied(cache: RedisCache, commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]> {
  return vi.waitFor(() => cache.apply(commands), WITHIN);
}

describe('a Redis that comes back with what it had before', () => {
  const many = Array.from({ length: 500 }, (_, i) => `k:${i}`);

  /** Stale values saved to disk, deletes acknowledged, then the server is killed: what a snapshot every minute means. */
  async function rolledBack({
    looks,
    later,
  }: {
    looks: boolean;
    later?: (cache: RedisCache, app: Redis) => Promise<void>;
  }) {
    const server = await startRedis({ flags: ['--appendonly', 'no', '--maxmemory-policy', 'noeviction'] });
    const app = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    app.on('error', () => undefined);
    onTestFinished(async () => {
      app.disconnect();
      await server.remove();
    });
    const owner = 'daemon.main';
    const one = watched(addressOf(server.url), { owner, ownPatterns: () => ['k:*', 'hash:*'] });
    await one.cache.apply([set('refreshed', 1, 'old'), set('long', 1, 'old'), set('sluice:epoch:t', 1, '1')]);
    await app.mset(...many.flatMap((key) => [key, 'stale']), 'foreign', 'kept', 'k:unknown', 'stale');
    // A mark of this process is part of the snapshot, or it is not.
    await vi.waitFor(async () => expect(await app.keys('sluice:mark:*')).toHaveLength(1), WITHIN);
    // In one write: nothing comes between the two.
    if (!looks)
      await app
        .pipeline()
        .del(...(await app.keys('sluice:mark:*')))
        .save()
        .exec();
    else await app.save();
    await one.cache.apply([
      ...many.map((key) => remove(key)),
      set('refreshed', 2, 'new'),
      set('long', 2, 'x'.repeat(200)),
    ]);
    await one.cache.apply([set('sluice:epoch:t', 2, '2'), blocked('blocked')]);
    await later?.(one.cache, app);
    await server.kill('SIGKILL');
    return { server, app, owner, ...one };
  }

  test('is told again what it acknowledged since', async () => {
    const { server, app, events } = await rolledBack({ looks: true });
    await server.restart();
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'repaired' }), WITHIN);
    expect(events.map(({ kind }) => kind)).toEqual(['lost', 'repaired']);
    expect(events.at(-1)).toMatchObject({ by: 'repeated' });
    expect(await app.exists(...many)).toBe(0);
    expect(await app.get('refreshed')).toBe('new');
    // A long value is not remembered: the key is gone, and nothing older may come.
    expect(await app.get('long')).toBeNull();
    expect(await app.get('sluice:v:{long}')).toBe('2');
    expect(await app.get('sluice:v:{blocked}')).toBe('2');
    expect(await app.get('sluice:epoch:t')).toBe('2');
    expect(await app.get('k:unknown')).toBe('stale');
    expect(await app.get('foreign')).toBe('kept');
  });

  test('loses what the rules own when it has forgotten more than anybody remembers', async () => {
    const { server, app, events } = await rolledBack({ looks: false });
    await server.restart();
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'repaired', by: 'flushed' }), WITHIN);
    expect(await app.exists(...many)).toBe(0);
    // Deleted by nobody here: by a process that is no more, perhaps.
    expect(await app.get('k:unknown')).toBeNull();
    expect(await app.get('foreign')).toBe('kept');
    expect(await app.get('sluice:epoch:t')).toBe('2');
  });

  test('is flushed again where a flush was lost', async () => {
    const { server, app, events } = await rolledBack({
      looks: true,
      later: async (cache, app) => {
        await app.set('hash:1', 'stale');
        await app.save();
        const request = { pattern: 'hash:*', version: 3, versioned: true, forced: false };
        await cache.flush(request, () => undefined, new AbortController().signal);
        expect(await app.get('hash:1')).toBeNull();
      },
    });
    await server.restart();
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'repaired' }), WITHIN);
    expect(await app.get('hash:1')).toBeNull();
  });

  test('is flushed by the next process when the one that knew is gone', async () => {
    const { server, app, owner, cache } = await rolledBack({
      looks: true,
      // The history is noted at the second look.
      later: async (_, app) => {
        await vi.waitFor(async () => expect(await app.keys('sluice:history:*')).toHaveLength(1), WITHIN);
        await app.mset(...many.flatMap((key) => [key, 'stale']));
        await app.save();
        await app.del(...many);
      },
    });
    await cache.close();
    await server.restart();
    expect(await app.exists(...many)).toBe(many.length);
    const next = watched(addressOf(server.url), { owner, ownPatterns: () => ['k:*'] });
    await next.cache.check();
    await vi.waitFor(() => expect(next.events.at(-1)).toMatchObject({ kind: 'repaired', by: 'flushed' }), WITHIN);
    expect(await app.exists(...many)).toBe(0);
  });

  test.each(['with the note of the last look', 'without a note'])(
    '%s, right before the process ends: the next one repairs it',
    async (state) => {
      const server = await startRedis({ flags: ['--appendonly', 'no'] });
      const app = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
      app.on('error', () => undefined);
      onTestFinished(async () => {
        app.disconnect();
        await server.remove();
      });
      // It looks when it is told to.
      const clock = new FakeClock();
      const options = { owner: 'daemon.main', ownPatterns: () => ['k:*'] };
      const { cache, events } = watched(addressOf(server.url), { ...options, clock });
      await cache.check();
      const notes = (): Promise<string[]> => app.keys('sluice:history:*');
      await vi.waitFor(async () => {
        clock.advance(1_000);
        expect(await notes()).toHaveLength(1);
      }, WITHIN);
      await app.set('k:1', 'stale');
      if (state === 'without a note') await app.del(await notes());
      await app.save();
      await cache.apply([remove('k:1')]);
      await server.kill('SIGKILL');
      await server.restart();
      expect(await app.get('k:1')).toBe('stale');
      await cache.close();
      expect(events).toEqual([]);
      const next = watched(addressOf(server.url), options);
      await next.cache.check();
      await vi.waitFor(() => expect(next.events.at(-1)).toMatchObject({ kind: 'repaired', by: 'flushed' }), WITHIN);
      expect(await app.get('k:1')).toBeNull();
    },
  );

  test('in order, while nobody was there, lost nothing: nothing is flushed', async () => {
    const server = await startRedis();
    const app = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    app.on('error', () => undefined);
    onTestFinished(async () => {
      app.disconnect();
      await server.remove();
    });
    const options = { owner: 'daemon.main', ownPatterns: () => ['k:*'] };
    const first = watched(addressOf(server.url), options);
    await first.cache.check();
    await vi.waitFor(async () => expect(await app.keys('sluice:history:*')).toHaveLength(1), WITHIN);
    await first.cache.close();
    await app.set('k:1', 'fresh');
    await app.save();
    await server.restart();
    expect(await app.get('k:1')).toBe('fresh');
    const second = watched(addressOf(server.url), options);
    await second.cache.check();
    const noted = async (): Promise<string | null> => app.get((await app.keys('sluice:history:*'))[0] ?? '');
    await vi.waitFor(async () => expect(await noted()).toMatch(/^[0-9a-f]{40}$/), WITHIN);
    expect(second.events).toEqual([]);
    expect(await app.get('k:1')).toBe('fresh');
  });

  test('that only broke the connections lost nothing', async () => {
    const server = await startRedis();
    const app = new Redis(server.url);
    onTestFinished(async () => {
      app.disconnect();
      await server.remove();
    });
    const { cache, events } = watched(addressOf(server.url));
    await cache.apply([remove('a')]);
    const marks = async (): Promise<number> => Number(await app.get((await app.keys('sluice:mark:*'))[0] ?? ''));
    await vi.waitFor(async () => expect(await marks()).toBeGreaterThan(0), WITHIN);
    const before = await marks();
    await app.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await vi.waitFor(async () => expect(await marks()).toBeGreaterThan(before + 1), WITHIN);
    expect(events).toEqual([]);
  });
});

describe('a master behind sentinels', () => {
  let group: ThrowawayRedisSentinel;
  beforeEach(async () => void (group = await startRedisSentinel()));
  afterEach(() => group.remove());

  test('that dies with deletes its replica never got: the new master gets them', async () => {
    const [old, replica] = group.nodes;
    if (old === undefined || replica === undefined) throw new Error('no replica');
    const app = sentinelApp(group);
    onTestFinished(() => app.disconnect());
    const { cache, events } = watched(sentinelAddress(group));
    const keys = Array.from({ length: 1_000 }, (_, i) => `k:${i}`);
    await app.mset(...keys.flatMap((key) => [key, 'stale']));
    await app.wait(1, 5_000);
    await cache.check();
    const mark = (): Promise<unknown> => group.command(replica, 'KEYS', 'sluice:mark:*');
    await vi.waitFor(async () => expect(await mark()).toHaveLength(1), WITHIN);

    // The replica sleeps while the master acknowledges, and takes over when the master is dead.
    await replica.kill('SIGSTOP');
    await cache.apply(keys.map((key) => remove(key)));
    await cache.apply([set('refreshed', 5, 'new')]);
    await old.kill('SIGKILL');
    await replica.kill('SIGCONT');
    await vi.waitFor(async () => expect(await group.masterPort()).toBe(replica.port), WITHIN);
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'repaired', by: 'repeated' }), WITHIN);
    expect(await group.command(replica, 'EXISTS', ...keys)).toBe(0);
    expect(await group.command(replica, 'GET', 'refreshed')).toBe('new');

    // The old one comes back, as a master first, until the sentinels tell it otherwise.
    await old.restart();
    await untilApplied(cache, [set('after', 6, 'x')]);
    expect(await group.command(replica, 'GET', 'after')).toBe('x');
    const role = async (): Promise<unknown> => ((await group.command(old, 'ROLE')) as unknown[])[0];
    await vi.waitFor(async () => expect(await role()).toBe('slave'), WITHIN);
    await untilApplied(cache, [set('after', 7, 'y')]);
    expect(await group.command(replica, 'GET', 'after')).toBe('y');
  });

  test('that is made a replica by hand: what follows goes to the new master', async () => {
    const [old, replica] = group.nodes;
    if (old === undefined || replica === undefined) throw new Error('no replica');
    const { cache } = watched(sentinelAddress(group));
    await cache.apply([set('a', 1, 'x')]);
    const [sentinel] = group.sentinels;
    if (sentinel === undefined) throw new Error('no sentinel');
    await group.command(sentinel, 'SENTINEL', 'FAILOVER', 'main');
    await vi.waitFor(async () => expect(await group.masterPort()).toBe(replica.port), WITHIN);
    await untilApplied(cache, [set('a', 2, 'y')]);
    await vi.waitFor(async () => expect(await group.command(replica, 'GET', 'a')).toBe('y'), WITHIN);
  });

  test('is said to be away while no sentinel knows one', async () => {
    const { sentinels } = sentinelAddress(group);
    const unknown = watched({ ...sentinelAddress(group), master: 'other' });
    await expect(unknown.cache.check()).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringMatching(/no sentinel names the master other/) as string,
    });
    const dead = watched({ ...sentinelAddress(group), sentinels: sentinels.map((each) => ({ ...each, port: 1 })) });
    await expect(dead.cache.check()).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringMatching(/ECONNREFUSED/) as string,
    });
    // One that answers is enough.
    const some = watched({
      ...sentinelAddress(group),
      sentinels: sentinels.map((each, i) => (i === 0 ? each : { ...each, port: 1 })),
    });
    await expect(some.cache.check()).resolves.toBeUndefined();
  });

  test('with `wait_replicas` counts nothing as applied that no replica has', async () => {
    const [, replica] = group.nodes;
    const { cache } = watched(sentinelAddress(group), { waitReplicas: 1, commandTimeoutMs: 600 });
    expect(await cache.apply([set('a', 1, 'x'), remove('b')])).toEqual(['applied', 'applied']);
    await replica?.kill('SIGSTOP');
    await expect(cache.apply([remove('a')])).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      message: expect.stringMatching(/0 of 1 replicas/) as string,
    });
    await replica?.kill('SIGCONT');
    expect(await untilApplied(cache, [remove('a')])).toEqual(['applied']);
  });
});
