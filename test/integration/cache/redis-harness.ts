import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { readAddresses } from '../../../deploy/local/services.ts';
import { RedisCache } from '../../../src/cache/redis-cache.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { RedisAddress } from '../../../src/runtime/config/config.ts';
import type { CacheHarness } from '../../contract/cache.suite.ts';

export const KEPT_VERSION_MS = 3_600_000;

export function addressOf(url: string, more: Partial<RedisAddress> = {}): RedisAddress {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), username: null, password: null, database: 0, tls: null, ...more };
}

export async function sharedRedis(): Promise<string> {
  const { redis } = await readAddresses();
  if (redis === undefined) throw new Error('the global setup started no Redis');
  return redis.url;
}

export const uniquePrefix = (): string => `test:${randomUUID()}:`;

export function redisCache(url: string, more: Partial<RedisAddress> = {}): RedisCache {
  return new RedisCache({
    name: 'test',
    address: addressOf(url, more),
    commandTimeoutMs: 5_000,
    versionTtlMs: KEPT_VERSION_MS,
    flushKeysPerSecond: 50_000,
    clock: systemClock,
  });
}

/** A cache on a real server, and an application beside it. Closing removes the keys it made. */
export async function redisHarness(url: string): Promise<CacheHarness & { app: Redis; cache: RedisCache }> {
  const app = new Redis(url);
  const prefix = uniquePrefix();
  const cache = redisCache(url);
  const versionKeys = new VersionKeys();
  const ttl = async (key: string): Promise<number | null> => {
    const left = await app.pttl(key);
    return left < 0 ? null : left;
  };
  await app.ping();
  return {
    app,
    cache,
    prefix,
    keptVersionMs: KEPT_VERSION_MS,
    read: async (key) => {
      const type = await app.type(key);
      return type === 'hash' ? app.hgetall(key) : app.get(key);
    },
    ttlMs: ttl,
    version: async (key) => {
      const text = await app.get(versionKeys.of(key));
      return text === null ? null : Number(text);
    },
    versionTtlMs: (key) => ttl(versionKeys.of(key)),
    fill: async (key, value) => {
      await app.del(key);
      await (typeof value === 'string' ? app.set(key, value) : app.hset(key, value));
    },
    close: async () => {
      for await (const keys of app.scanStream({ match: `*${prefix}*`, count: 1000 }) as AsyncIterable<string[]>) {
        if (keys.length > 0) await app.unlink(keys);
      }
      await cache.close();
      app.disconnect();
    },
  };
}
