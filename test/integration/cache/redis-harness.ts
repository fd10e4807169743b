import { randomUUID } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import type { ThrowawayRedisCluster, ThrowawayRedisSentinel } from '../../../deploy/local/redis-cluster.ts';
import { readAddresses } from '../../../deploy/local/services.ts';
import { RedisCache } from '../../../src/cache/redis-cache.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type {
  RedisAddress,
  RedisClusterAddress,
  RedisSentinelAddress,
  TargetAddress,
} from '../../../src/runtime/config/config.ts';
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

export function cacheOf(
  address: TargetAddress,
  more: Partial<ConstructorParameters<typeof RedisCache>[0]> = {},
): RedisCache {
  return new RedisCache({
    name: 'test',
    owner: uniquePrefix(),
    address,
    commandTimeoutMs: 5_000,
    versionTtlMs: KEPT_VERSION_MS,
    flushKeysPerSecond: 50_000,
    clock: systemClock,
    ...more,
  });
}

export function redisCache(url: string, more: Partial<RedisAddress> = {}): RedisCache {
  return cacheOf(addressOf(url, more));
}

/** A cache on a real server, and an application beside it. Closing removes the keys it made. */
export async function redisHarness(url: string): Promise<CacheHarness & { app: Redis; cache: RedisCache }> {
  const app = new Redis(url);
  await app.ping();
  const harness = harnessOf(app, redisCache(url));
  return {
    ...harness,
    app,
    close: async () => {
      const match = `*${harness.prefix}*`;
      for await (const keys of app.scanStream({ match, count: 1000 }) as AsyncIterable<string[]>) {
        if (keys.length > 0) await app.unlink(keys);
      }
      await harness.close();
    },
  };
}

/** Any target, and whoever reads it. */
export function harnessOf(app: Redis | Cluster, cache: RedisCache): CacheHarness & { cache: RedisCache } {
  const prefix = uniquePrefix();
  const versionKeys = new VersionKeys();
  const ttl = async (key: string): Promise<number | null> => {
    const left = await app.pttl(key);
    return left < 0 ? null : left;
  };
  return {
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
      await cache.close();
      app.disconnect();
    },
  };
}

const placesOf = (nodes: readonly { port: number }[]): RedisAddress[] =>
  nodes.map(({ port }) => addressOf(`redis://127.0.0.1:${port}`));

export function clusterAddress({ nodes }: Pick<ThrowawayRedisCluster, 'nodes'>): RedisClusterAddress {
  return { cluster: placesOf(nodes) };
}

export function sentinelAddress({ sentinels, master }: ThrowawayRedisSentinel): RedisSentinelAddress {
  const of = { username: null, password: null, tls: null, database: 0 };
  return { sentinels: placesOf(sentinels), master, of };
}

/** An application that follows the slots as its own client does. */
export function clusterApp({ nodes }: Pick<ThrowawayRedisCluster, 'nodes'>): Cluster {
  const app = new Cluster(
    nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    { clusterRetryStrategy: () => 50, slotsRefreshTimeout: 5_000, redisOptions: { maxRetriesPerRequest: null } },
  );
  app.on('error', () => undefined);
  return app;
}

/** The master is another server after a fail-over. */
export function sentinelApp({ sentinels, master }: ThrowawayRedisSentinel): Redis {
  const app = new Redis({
    sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    name: master,
    maxRetriesPerRequest: null,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  app.on('error', () => undefined);
  return app;
}
