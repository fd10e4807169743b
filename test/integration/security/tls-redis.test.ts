import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preflightTarget } from '../../../src/cache/redis-preflight.ts';
import { RedisCache } from '../../../src/cache/redis-cache.ts';
import { RedisCheckpointStore } from '../../../src/cache/redis-checkpoint-store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { RedisAddress } from '../../../src/runtime/config/config.ts';
import { openRedis, redisAddress, tlsFolder, tlsOf, withClientCertificate, type TlsFolder } from './tls-servers.ts';

describe('Redis that demands TLS', () => {
  let tls: TlsFolder;
  let redis: Awaited<ReturnType<typeof openRedis>>;
  beforeAll(async () => {
    tls = await tlsFolder(['127.0.0.1']);
    redis = await openRedis(tls.certificates);
  });
  afterAll(async () => {
    await redis.close();
    tls.remove();
  });

  const preflight = async (address: RedisAddress): Promise<string[]> =>
    (await preflightTarget({ name: 'main', address, commandTimeoutMs: 2_000, connectTimeoutMs: 2_000 })).map(
      ({ message, remedy }) => `${message} ${remedy}`,
    );

  const cacheAt = (address: RedisAddress): RedisCache =>
    new RedisCache({
      name: 'main',
      address,
      commandTimeoutMs: 2_000,
      connectTimeoutMs: 2_000,
      versionTtlMs: 60_000,
      flushKeysPerSecond: 10_000,
      clock: systemClock,
    });
  const command = { kind: 'delete', key: 'product:1', version: 1, versioned: true } as const;
  const flush = { pattern: 'product:*', version: 2, versioned: false } as const;

  const works = async (address: RedisAddress): Promise<void> => {
    expect(await preflight(address)).toEqual([]);
    await redis.app.set('product:1', 'x');
    await redis.app.set('product:2', 'x');
    const cache = cacheAt(address);
    expect(await cache.apply([command])).toEqual(['applied']);
    const progress = await cache.flush(flush, () => undefined, new AbortController().signal);
    expect(progress.removedKeys).toBe(1);
    await cache.close();
    const store = new RedisCheckpointStore({ address, key: 'sluice:checkpoint:tls', commandTimeoutMs: 2_000 });
    expect(await store.load()).toBeNull();
    await store.close();
  };

  const isRefused = async (address: RedisAddress, reason: RegExp): Promise<void> => {
    expect(await preflight(address)).toEqual([expect.stringMatching(reason)]);

    const cache = cacheAt(address);
    await expect(cache.apply([command])).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE', retryable: true });
    await expect(cache.flush(flush, () => undefined, new AbortController().signal)).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
    });
    await cache.close();
  };

  it('is used with the right authority, on every connection', async () => {
    await works(redisAddress(redis.server, { tls: tlsOf(tls.certificates) }));
  });

  it('is refused when another authority signed its certificate', async () => {
    await isRefused(redisAddress(redis.server, { tls: tlsOf(tls.others) }), /certificate[^]*`tls\.ca`/);
  });

  it('is refused when the certificate is for another name', async () => {
    const address = redisAddress(redis.server, { host: 'localhost', tls: tlsOf(tls.certificates) });
    await isRefused(address, /does not match certificate[^]*`url`/);
  });

  it('refuses a connection without TLS, and the problem says what to configure', async () => {
    await isRefused(redisAddress(redis.server), /rediss:/);
  });

  it('is used without verification where that is configured, whatever it shows', async () => {
    const address = { host: 'localhost', tls: tlsOf(tls.others, { verify: false }) };
    await works(redisAddress(redis.server, address));
  });

  it('asks for a certificate of the client where it is set up so', async () => {
    await redis.app.config('SET', 'tls-auth-clients', 'yes');
    try {
      await isRefused(redisAddress(redis.server, { tls: tlsOf(tls.certificates) }), /`tls\.cert`/);
      await works(redisAddress(redis.server, { tls: withClientCertificate(tls.certificates) }));
      await isRefused(
        redisAddress(redis.server, { tls: { ...withClientCertificate(tls.others), ca: tlsOf(tls.certificates).ca } }),
        /`tls\.cert`/,
      );
    } finally {
      await redis.app.config('SET', 'tls-auth-clients', 'no');
    }
  });

  it('is told from a Redis that has no TLS', async () => {
    // A plain server answers the greeting of TLS with an error of its own, or not at all.
    const { startRedis } = await import('../../../deploy/local/services.ts');
    const plain = await startRedis();
    try {
      expect(await preflight(redisAddress(plain, { tls: tlsOf(tls.certificates) }))).toEqual([
        expect.stringMatching(/tls/i),
      ]);
    } finally {
      await plain.remove();
    }
  });
});
