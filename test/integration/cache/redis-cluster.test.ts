import fc from 'fast-check';
import type { Cluster } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startRedisCluster, type RedisNode, type ThrowawayRedisCluster } from '../../../deploy/local/redis-cluster.ts';
import { argumentsIn } from '../../../src/cache/encoded-command.ts';
import { HistoryRepair, type HistoryEvent } from '../../../src/cache/history-repair.ts';
import { keySlot, slotOfBytes } from '../../../src/cache/key-slot.ts';
import { preflightTarget } from '../../../src/cache/redis-preflight.ts';
import type { RedisCache } from '../../../src/cache/redis-cache.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';
import type { CacheCommand, CacheOutcome, FlushProgress } from '../../../src/ports.ts';
import { addressOf, cacheOf, clusterAddress, clusterApp, uniquePrefix } from './redis-harness.ts';

const WITHIN = { timeout: 30_000, interval: 50 };
const unavailable = (reason: RegExp): unknown =>
  expect.objectContaining({ code: 'CACHE_UNAVAILABLE', message: expect.stringMatching(reason) as string });

const remove = (key: string, version = 2): CacheCommand => ({ kind: 'delete', key, version, versioned: false });
const block = (key: string, version = 2): CacheCommand => ({ kind: 'delete', key, version, versioned: true });
const set = (key: string, version: number, value: string): CacheCommand => {
  return { kind: 'set', key, version, value, ttlMs: null };
};

/** As the worker does: again and again. */
function untilApplied(cache: RedisCache, commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]> {
  return vi.waitFor(() => cache.apply(commands), { timeout: 30_000, interval: 20 });
}

const never = new AbortController().signal;
function flush(cache: RedisCache, pattern: string): Promise<FlushProgress> {
  const request = { pattern, version: 1_000_000, versioned: true, forced: false };
  return vi.waitFor(() => cache.flush(request, () => undefined, never), { timeout: 60_000, interval: 20 });
}

describe('a cluster whose slots move', () => {
  let cluster: ThrowawayRedisCluster;
  let app: Cluster;
  let prefix: string;
  let a: RedisNode, b: RedisNode, c: RedisNode;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    [a, b, c] = cluster.nodes as [RedisNode, RedisNode, RedisNode];
    app = clusterApp(cluster);
  });
  afterAll(async () => {
    app.disconnect();
    await cluster.remove();
  });
  beforeEach(() => (prefix = uniquePrefix()));

  const open = (more: Partial<ConstructorParameters<typeof RedisCache>[0]> = {}): RedisCache => {
    const cache = cacheOf(clusterAddress(cluster), { commandTimeoutMs: 2_000, ...more });
    onTestFinished(() => cache.close());
    return cache;
  };
  const tags = new VersionKeys();
  /** A key in a slot. */
  const keyIn = (slot: number, name: string): string => `{${tags.numberIn(slot)}}${prefix}${name}`;
  /** The node that holds a slot, as it says itself. */
  const ownerOf = async (slot: number): Promise<RedisNode> => {
    for (const node of cluster.nodes) {
      if (
        await cluster.command(node, 'GET', `{${tags.numberIn(slot)}}`).then(
          () => true,
          () => false,
        )
      )
        return node;
    }
    throw new Error(`nobody holds slot ${slot}`);
  };
  const move = async (slot: number, to: RedisNode): Promise<void> => {
    const from = await ownerOf(slot);
    if (from !== to) await cluster.moveSlot(slot, from, to);
  };

  test('counts slots as Redis does, whatever a key is made of', async () => {
    const key = fc.oneof(
      fc.string({ unit: fc.constantFrom('{', '}', 'a', 'é', '\u0000', '🦆') }),
      fc.string({ unit: 'binary' }),
    );
    const slot = async (key: string | Buffer): Promise<unknown> => app.nodes()[0]?.call('CLUSTER', 'KEYSLOT', key);
    await fc.assert(
      fc.asyncProperty(key, async (text) => {
        expect(keySlot(text)).toBe(await slot(text));
        expect(keySlot(tags.of(text))).toBe(keySlot(text));
      }),
      { numRuns: 500 },
    );
    const bytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes.map((byte) => 110 + (byte % 20))));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          bytes,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        async (key) => {
          expect(slotOfBytes(key)).toBe(await slot(key));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is followed: the node that held the slot says where it went, within the same call', async () => {
    const cache = open();
    const key = keyIn(100, 'key');
    await cache.apply([set(key, 1, 'old')]);
    await move(100, b);
    expect(await cache.apply([set(key, 2, 'new'), remove(keyIn(100, 'other'))])).toEqual(['applied', 'applied']);
    expect(await app.get(key)).toBe('new');
    await move(100, a);
    expect(await cache.apply([block(key, 3), set(keyIn(200, 'x'), 3, 'x')])).toEqual(['applied', 'applied']);
    expect(await app.get(key)).toBeNull();
  });

  test('half moved: keys are found on either side, and what can only be done whole is repeated', async () => {
    const cache = open();
    const slot = 300;
    await move(slot, a);
    const [gone, here] = [keyIn(slot, 'gone'), keyIn(slot, 'here')];
    const [idA, idB] = await Promise.all([a, b].map((node) => cluster.command(node, 'CLUSTER', 'MYID')));
    const [there, stays] = [keyIn(slot, 'there'), keyIn(slot, 'stays')];
    await cache.apply([gone, here, there, stays].map((key) => set(key, 1, 'old')));
    await app.set(keyIn(slot, 'plain'), 'stale');
    await cluster.command(b, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', String(idA));
    await cluster.command(a, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', String(idB));
    const migrate = (...keys: string[]): Promise<unknown> =>
      cluster.command(a, 'MIGRATE', '127.0.0.1', String(b.port), '', '0', '5000', 'KEYS', ...keys);
    await migrate(gone, tags.of(gone), there, tags.of(there));

    // One is on this side, one on that, one nowhere.
    const plain = [keyIn(slot, 'plain'), gone, keyIn(slot, 'nothing')];
    expect(await cache.apply([...plain.map((key) => remove(key)), set(here, 2, 'new')])).toEqual(
      Array(4).fill('applied'),
    );
    expect(await cluster.command(b, 'CLUSTER', 'COUNTKEYSINSLOT', String(slot))).toBe(3);
    expect(await cluster.command(a, 'GET', here)).toBe('new');
    // Its version has gone, the value is still here: no script sees both.
    await migrate(tags.of(here));
    await expect(cache.apply([set(here, 3, 'newest')])).rejects.toEqual(
      unavailable(/sending commands on.*\(slot 300\)/),
    );
    // It keeps no other one waiting, and what was acknowledged meanwhile is remembered at once: it may be lost by the end.
    const noted = vi.spyOn(HistoryRepair.prototype, 'note');
    const unlinked = vi.spyOn(HistoryRepair.prototype, 'noteUnlink');
    onTestFinished(() => [noted, unlinked].forEach((spy) => spy.mockRestore()));
    const others = [set(there, 3, 'newest'), set(stays, 3, 'newest')];
    const far = keyIn(6_000, 'far');
    await expect(cache.apply([set(here, 3, 'newest'), ...others, remove(far)])).rejects.toEqual(
      unavailable(/\(slot 300\)/),
    );
    expect(await Promise.all([app.get(there), app.get(stays)])).toEqual(['newest', 'newest']);
    const remembered = noted.mock.calls.flatMap(([commands, places]) => places.map((place) => commands[place]));
    expect(remembered).toEqual(expect.arrayContaining(others));
    expect(remembered).not.toContainEqual(set(here, 3, 'newest'));
    expect(unlinked.mock.calls.flatMap(([command]) => [...argumentsIn(command)])).toEqual([far]);
    await migrate(here);
    expect(await cache.apply([set(here, 3, 'newest')])).toEqual(['applied']);
    // A hash is removed before it is written: what is not there belongs to the other side already, until the move is over.
    const hash = { ...set(stays, 4, ''), value: { n: '4' } };
    await expect(cache.apply([hash])).rejects.toEqual(unavailable(/non local key/));
    await migrate(tags.of(stays));
    await cluster.command(b, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', String(idB));
    await cluster.command(a, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', String(idB));
    expect(await app.get(here)).toBe('newest');
    expect(await cache.apply([hash])).toEqual(['applied']);
    expect(await app.hgetall(stays)).toEqual({ n: '4' });
    await move(slot, a);
  });

  test('back and forth while keys are deleted and refreshed: nothing is lost, nothing is older', async () => {
    const cache = open();
    const slots = [10, 11, 12, 6_000, 12_000];
    const names = slots.flatMap((slot) => Array.from({ length: 12 }, (_, i) => keyIn(slot, `k${i}`)));
    let moving = true;
    const moved = (async (): Promise<number> => {
      let moves = 0;
      for (let round = 0; round < 20; round++) {
        for (const slot of slots) {
          await move(slot, [a, b, c][(round + 1) % 3] ?? a);
          moves++;
        }
      }
      moving = false;
      return moves;
    })();
    let version = 10;
    const stale: string[] = [];
    while (moving) {
      version++;
      const deleted = names.filter((_, i) => i % 2 === 0);
      await Promise.all(deleted.map((key) => app.set(key, 'stale')));
      const commands = names.map((key, i) => (i % 2 === 0 ? remove(key, version) : set(key, version, String(version))));
      // What comes late changes nothing.
      await Promise.all([
        untilApplied(cache, commands),
        untilApplied(
          cache,
          names.filter((_, i) => i % 2 === 1).map((key) => set(key, version - 5, 'older')),
        ),
      ]);
      for (const key of deleted) if ((await app.exists(key)) === 1) stale.push(key);
    }
    expect(await moved).toBeGreaterThan(60);
    expect(stale).toEqual([]);
    const values = await Promise.all(names.map((key) => app.get(key)));
    expect(values).toEqual(names.map((_, i) => (i % 2 === 0 ? null : String(version))));
    expect(version).toBeGreaterThan(15);
  });

  test('while it is flushed: no key slips from a node that is still to be scanned to one that has been', async () => {
    const cache = open({ flushKeysPerSecond: 2_000 });
    const slots = [20, 6_020, 12_020];
    const keys = slots.flatMap((slot) => Array.from({ length: 300 }, (_, i) => keyIn(slot, `f${i}`)));
    await Promise.all(keys.map((key) => app.set(key, 'stale')));
    await Promise.all(Array.from({ length: 1_500 }, (_, i) => app.set(`${prefix}other:${i}`, 'x')));
    let done = false;
    const flushed = flush(cache, `*${prefix}f*`).finally(() => (done = true));
    // Each slot goes round, so that one is always on its way from the end of the scan to its beginning.
    for (let round = 0; round < 4 && !done; round++) {
      for (const slot of slots) await move(slot, [c, b, a][round % 3] ?? a);
    }
    await flushed;
    const left = await Promise.all(keys.map((key) => app.exists(key)));
    expect(left.filter((each) => each === 1)).toEqual([]);
    expect(await app.exists(`${prefix}other:7`)).toBe(1);
  });

  test('with one node in trouble: the whole call is to be repeated', async () => {
    const cache = open({ commandTimeoutMs: 300 });
    const everywhere = [0, 6_001, 12_001].map((slot) => keyIn(slot, 'key'));
    await untilApplied(
      cache,
      everywhere.map((key) => set(key, 1, 'old')),
    );
    await cluster.command(b, 'CLIENT', 'PAUSE', '900');
    await expect(cache.apply(everywhere.map((key) => set(key, 2, 'new')))).rejects.toEqual(unavailable(/timed out/));
    await untilApplied(
      cache,
      everywhere.map((key) => set(key, 2, 'new')),
    );

    await cluster.command(c, 'CONFIG', 'SET', 'maxmemory', '1');
    await expect(cache.apply(everywhere.map((key) => set(key, 3, 'newer')))).rejects.toEqual(unavailable(/OOM/));
    await expect(cache.check()).rejects.toEqual(unavailable(/OOM/));
    expect(await cache.apply(everywhere.map((key) => remove(key)))).toEqual(['applied', 'applied', 'applied']);
    await cluster.command(c, 'CONFIG', 'SET', 'maxmemory', '0');
    await expect(cache.check()).resolves.toBeUndefined();
  });

  test('holds other things under the key or its version: both are replaced', async () => {
    const cache = open();
    const key = keyIn(400, 'key');
    await app.rpush(key, 'a list');
    await app.rpush(tags.of(key), 'a list');
    expect(await cache.apply([set(key, 1, 'text')])).toEqual(['applied']);
    expect(await app.mget(key, tags.of(key))).toEqual(['text', '1']);
  });

  test('forgets its scripts, each node by itself: they are loaded again within the call', async () => {
    const cache = open();
    const keys = [0, 6_001, 12_001].map((slot) => keyIn(slot, 'key'));
    await cache.apply(keys.map((key) => set(key, 1, 'a')));
    await cluster.command(b, 'SCRIPT', 'FLUSH');
    expect(await cache.apply(keys.map((key) => set(key, 2, 'b')))).toEqual(['applied', 'applied', 'applied']);
  });

  test('is known from one node that answers', async () => {
    const { cluster: nodes } = clusterAddress(cluster);
    const [first] = nodes;
    if (first === undefined) throw new Error('no node');
    const cache = cacheOf({ cluster: [{ ...first, port: 1 }, first] });
    onTestFinished(() => cache.close());
    expect(await cache.apply([0, 6_001, 12_001].map((slot) => set(keyIn(slot, 'one'), 1, 'x')))).toHaveLength(3);
  });

  test('has a preflight for each of its nodes', async () => {
    const options = { name: 'main', commandTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
    expect(await preflightTarget({ ...options, address: clusterAddress(cluster) })).toEqual([]);
    await cluster.command(b, 'ACL', 'SETUSER', 'default', '-hset');
    await cluster.command(c, 'CONFIG', 'SET', 'maxmemory', '1');
    const problems = await preflightTarget({ ...options, address: clusterAddress(cluster) });
    await cluster.command(b, 'ACL', 'SETUSER', 'default', '+hset');
    await cluster.command(c, 'CONFIG', 'SET', 'maxmemory', '0');
    const about = (port: number): string[] =>
      problems.map(({ message }) => message).filter((message) => message.includes(`node 127.0.0.1:${port} `));
    expect(problems).toHaveLength(2);
    expect(about(b.port)).toEqual([expect.stringContaining('does not let user default run HSET')]);
    expect(about(c.port)).toEqual([expect.stringContaining('refuses writes because its memory is full')]);
    await cluster.command(a, 'ACL', 'SETUSER', 'blind', 'on', '>word', '~*', '+@all', '-cluster');
    const [seed] = clusterAddress(cluster).cluster;
    if (seed === undefined) throw new Error('no node');
    const blind = { cluster: [{ ...seed, username: 'blind', password: 'word' }] };
    expect(await preflightTarget({ ...options, address: blind })).toEqual([
      {
        message: expect.stringContaining(`node 127.0.0.1:${a.port} does not let user blind see the slots`) as string,
        remedy: 'ACL SETUSER blind +cluster|slots +cluster|nodes +asking',
      },
    ]);
    const [single] = await preflightTarget({ ...options, address: addressOf(a.url) });
    expect(single).toMatchObject({
      message: expect.stringContaining('is a node of a Redis Cluster, and `url` means a single server') as string,
      remedy: `Write \`cluster: { nodes: ['127.0.0.1:${a.port}'] }\` instead of \`url\`.`,
    });
  });
});

describe('a cluster with replicas', () => {
  test('whose master dies with deletes its replica never got: the new master gets them', async () => {
    const cluster = await startRedisCluster({ replicas: 1 });
    onTestFinished(() => cluster.remove());
    const app = clusterApp(cluster);
    onTestFinished(() => app.disconnect());
    const [master, , , replica] = cluster.nodes;
    if (master === undefined || replica === undefined) throw new Error('no replica');
    const events: HistoryEvent[] = [];
    const cache = cacheOf(clusterAddress(cluster), {
      commandTimeoutMs: 1_000,
      connectTimeoutMs: 1_000,
      onHistory: (event) => events.push(event),
    });
    onTestFinished(() => cache.close());
    const keys = Array.from({ length: 600 }, (_, i) => `k:${i}`);
    await Promise.all(keys.map((key) => app.set(key, 'stale')));
    await cache.check();
    // KEYS answers for the copy too.
    const marks = (): Promise<unknown> => cluster.command(replica, 'KEYS', 'sluice:mark:*');
    await vi.waitFor(async () => expect(await marks()).toHaveLength(1), WITHIN);

    await replica.kill('SIGSTOP');
    expect(await cache.apply(keys.map((key) => remove(key)))).toHaveLength(600);
    await master.kill('SIGKILL');
    await replica.kill('SIGCONT');
    const role = async (): Promise<unknown> => ((await cluster.command(replica, 'ROLE')) as unknown[])[0];
    await vi.waitFor(async () => expect(await role()).toBe('master'), WITHIN);
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ kind: 'repaired', by: 'repeated' }), WITHIN);
    expect(await Promise.all(keys.map((key) => app.exists(key)))).toEqual(keys.map(() => 0));

    await master.restart();
    await untilApplied(
      cache,
      keys.map((key) => set(key, 3, 'new')),
    );
    expect(await app.get('k:1')).toBe('new');
    await vi.waitFor(
      async () => expect(((await cluster.command(master, 'ROLE')) as unknown[])[0]).toBe('slave'),
      WITHIN,
    );
    expect(
      await untilApplied(
        cache,
        keys.map((key) => remove(key, 4)),
      ),
    ).toHaveLength(600);
  });
});
