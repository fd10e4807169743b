import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startRedis, type ThrowawayRedis } from '../../../deploy/local/services.ts';
import { RedisCache } from '../../../src/cache/redis-cache.ts';
import type { CacheCommand } from '../../../src/ports.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { addressOf, KEPT_VERSION_MS, uniquePrefix } from './redis-harness.ts';

const unavailable = (reason: RegExp): unknown =>
  expect.objectContaining({ code: 'CACHE_UNAVAILABLE', message: expect.stringMatching(reason) as string });

describe('a Redis target in trouble', () => {
  let server: ThrowawayRedis;
  let app: Redis;
  let prefix: string;
  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.url);
  });
  afterAll(async () => {
    app.disconnect();
    await server.remove();
  });
  beforeEach(() => (prefix = uniquePrefix()));

  const cacheWith = (more: Partial<ConstructorParameters<typeof RedisCache>[0]> = {}): RedisCache => {
    const cache = new RedisCache({
      name: 'test',
      address: addressOf(server.url),
      commandTimeoutMs: 5_000,
      versionTtlMs: KEPT_VERSION_MS,
      flushKeysPerSecond: 50_000,
      clock: systemClock,
      ...more,
    });
    onTestFinished(() => cache.close());
    return cache;
  };
  const set = (key: string, version: number, value: string, ttlMs: number | null = null): CacheCommand => {
    return { kind: 'set', key: prefix + key, version, value, ttlMs };
  };
  const remove = (key: string, version: number, versioned: boolean): CacheCommand => {
    return { kind: 'delete', key: prefix + key, version, versioned };
  };

  test('memory full: a set is to be repeated, deletes of both kinds still succeed', async () => {
    const cache = cacheWith();
    await cache.apply([set('a', 1, 'old'), set('b', 1, 'old'), set('c', 1, 'old')]);
    await app.config('SET', 'maxmemory', '1mb');
    onTestFinished(() => void app.config('SET', 'maxmemory', '0'));

    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/OOM/));
    await expect(cache.check()).rejects.toEqual(unavailable(/OOM/));
    expect(await cache.apply([remove('b', 2, true), remove('c', 2, false)])).toEqual(['applied', 'applied']);
    expect(await app.mget(`${prefix}a`, `${prefix}b`, `${prefix}c`)).toEqual(['old', null, null]);

    await app.config('SET', 'maxmemory', '0');
    expect(await cache.apply([set('a', 2, 'new')])).toEqual(['applied']);
    expect(await cache.apply([set('b', 1, 'old')])).toEqual(['newer']);
  });

  test('turned into a read-only replica: everything is to be repeated', async () => {
    const cache = cacheWith();
    await cache.apply([set('a', 1, 'old')]);
    await app.replicaof('127.0.0.1', 1);
    onTestFinished(() => void app.replicaof('NO', 'ONE'));

    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/READONLY/));
    await expect(cache.apply([remove('a', 2, false)])).rejects.toEqual(unavailable(/READONLY/));
    await expect(cache.apply([remove('a', 2, true)])).rejects.toEqual(unavailable(/READONLY/));
    await expect(cache.check()).rejects.toEqual(unavailable(/READONLY/));

    await app.replicaof('NO', 'ONE');
    expect(await cache.apply([set('a', 2, 'new')])).toEqual(['applied']);
  });

  test('frozen: the call ends by its timeout, and a new connection is used when the server wakes up', async () => {
    const cache = cacheWith({ commandTimeoutMs: 100, connectTimeoutMs: 100 });
    await cache.apply([set('a', 1, 'old')]);
    await server.kill('SIGSTOP');
    onTestFinished(() => server.kill('SIGCONT'));

    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/timed out|closed/));
    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/timed out|closed/i));

    await server.kill('SIGCONT');
    await expect.poll(() => cache.apply([set('a', 3, 'newest')]).catch(() => null)).toEqual(['applied']);
    expect(await app.get(`${prefix}a`)).toBe('newest');
  });

  test('behind a connection that went dead: the next call makes a new one', async () => {
    const proxy = await TcpProxy.open({ host: '127.0.0.1', port: server.port });
    const cache = cacheWith({ address: addressOf(server.url, { port: proxy.port }), commandTimeoutMs: 100 });
    await cache.apply([set('a', 1, 'old')]);
    proxy.stall();
    proxy.heal();
    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/timed out/));
    expect(await cache.apply([set('a', 2, 'new')])).toEqual(['applied']);
  });

  test('behind a name that moved to another server: the answer of the old one makes it look again', async () => {
    const successor = await startRedis();
    onTestFinished(() => successor.remove());
    const name = { host: '127.0.0.1', port: server.port };
    const proxy = await TcpProxy.open(name);
    const cache = cacheWith({ address: addressOf(server.url, { port: proxy.port }) });
    await cache.apply([set('a', 1, 'old')]);
    await app.replicaof('127.0.0.1', 1);
    onTestFinished(() => void app.replicaof('NO', 'ONE'));
    name.port = successor.port;
    // It hears READONLY, unless the look at the history, once a second, has heard it before and given the connection up.
    await cache.apply([set('a', 2, 'new')]).catch((error: unknown) => {
      expect(error).toEqual(unavailable(/READONLY|closed/));
    });
    expect(await cache.apply([set('a', 2, 'new')])).toEqual(['applied']);
    const moved = new Redis(successor.url);
    onTestFinished(() => moved.disconnect());
    expect(await moved.get(`${prefix}a`)).toBe('new');
    await app.replicaof('NO', 'ONE');
  });

  test('killed and restarted: the next call that finds it connects by itself and loads the script again', async () => {
    const cache = cacheWith();
    await cache.apply([set('a', 1, 'old')]);
    await server.kill('SIGKILL');
    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/closed|ECONN|EPIPE/));
    await expect(cache.apply([set('a', 2, 'new')])).rejects.toEqual(unavailable(/ECONNREFUSED/));
    await server.restart();
    expect(await cache.apply([set('a', 2, 'new')])).toEqual(['applied']);
    await app.quit().catch(() => undefined);
    app = new Redis(server.url);
    expect(await app.get(`${prefix}a`)).toBe('new');
  });

  test('its scripts flushed: they are loaded again within the same call', async () => {
    const cache = cacheWith();
    await cache.apply([set('a', 1, 'old')]);
    await app.script('FLUSH');
    const many = Array.from({ length: 450 }, (_, i) => set(`many${i}`, 2, 'new'));
    expect(await cache.apply([remove('a', 2, false), ...many])).toEqual(Array(451).fill('applied'));
    expect(await app.get(`${prefix}many449`)).toBe('new');
  });

  test('a command that can never succeed fails alone, and says why', async () => {
    const cache = cacheWith();
    const outcomes = await cache.apply([set('a', 1, 'x'), set('b', 1, 'x', -5), set('c', 1, 'x')]);
    expect(outcomes).toEqual(['applied', { failed: expect.stringContaining('invalid expire') as string }, 'applied']);
    expect(await app.get(`${prefix}c`)).toBe('x');
  });

  test('a command that breaks the script off does not take its neighbours with it', async () => {
    const cache = cacheWith();
    await cache.apply([set('b', 1, 'old')]);
    const outcomes = await cache.apply([set('a', 2, 'x'), set('b', NaN, 'x'), set('c', 2, 'x')].map(breakVersion));
    expect(outcomes).toEqual(['applied', { failed: expect.stringContaining('user_script') as string }, 'applied']);
    expect(await app.get(`${prefix}c`)).toBe('x');
  });

  test('a version key that holds something else counts as no version', async () => {
    const cache = cacheWith();
    const [a, b] = [`sluice:v:{${prefix}a}`, `sluice:v:{${prefix}b}`];
    await app.rpush(a, 'not', 'a', 'version');
    await app.set(b, 'not a number');
    expect(await cache.apply([set('a', 1, 'x'), set('b', 1, 'x')])).toEqual(['applied', 'applied']);
    expect(await app.mget(a, b)).toEqual(['1', '1']);
  });

  test('a database that does not exist is never replaced by database 0', async () => {
    const cache = cacheWith({ address: addressOf(server.url, { database: 99 }) });
    await app.set(`${prefix}a`, 'of database 0');
    await expect(cache.apply([remove('a', 1, false)])).rejects.toEqual(unavailable(/out of range/));
    expect(await app.get(`${prefix}a`)).toBe('of database 0');
  });

  test('another database than 0 is the one that is written to', async () => {
    const cache = cacheWith({ address: addressOf(server.url, { database: 3 }) });
    const other = new Redis(server.url, { db: 3 });
    onTestFinished(() => other.disconnect());
    await cache.apply([set('a', 1, 'x')]);
    expect([await app.get(`${prefix}a`), await other.get(`${prefix}a`)]).toEqual([null, 'x']);
  });

  test('a wrong password is named without being shown', async () => {
    await app.acl('SETUSER', 'cache', 'on', '>right-word', '~*', '+@all');
    const cache = cacheWith({ address: addressOf(server.url, { username: 'cache', password: 'wrong-word' }) });
    const error: unknown = await cache.check().catch((error: unknown) => error);
    expect(error).toEqual(unavailable(/WRONGPASS/));
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-word');
    const right = cacheWith({ address: addressOf(server.url, { username: 'cache', password: 'right-word' }) });
    await expect(right.check()).resolves.toBeUndefined();
  });

  test('a permission taken away is to be repeated until it is given back', async () => {
    await app.acl('SETUSER', 'limited', 'on', '>word', '~*', '+@all', '-set');
    const cache = cacheWith({ address: addressOf(server.url, { username: 'limited', password: 'word' }) });
    await expect(cache.apply([set('a', 1, 'x')])).rejects.toEqual(unavailable(/can't run this command|NOPERM/));
    await app.acl('SETUSER', 'limited', '+set');
    expect(await cache.apply([set('a', 1, 'x')])).toEqual(['applied']);
  });

  test('after close nothing is connected any more, and calls say so', async () => {
    const cache = cacheWith({ name: 'closing' });
    await cache.check();
    await cache.close();
    expect(await app.client('LIST')).not.toContain('sluice:closing');
    await expect(cache.apply([set('a', 1, 'x')])).rejects.toEqual(unavailable(/closed/));
  });
});

/** NaN stands for a version that is no number for Lua either. */
function breakVersion(command: CacheCommand): CacheCommand {
  return Number.isNaN(command.version) ? { ...command, version: 'broken' as unknown as number } : command;
}
