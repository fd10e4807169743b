import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type ThrowawayRedis } from '../../../deploy/local/services.ts';
import { preflightTarget } from '../../../src/cache/redis-preflight.ts';
import { RedisCache } from '../../../src/cache/redis-cache.ts';
import { RedisCheckpointStore } from '../../../src/cache/redis-checkpoint-store.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { RedisAddress } from '../../../src/runtime/config/config.ts';
import { redisAddress } from './tls-servers.ts';

/** What stands in docs/security.md. */
const COMMANDS = ['ping', 'info', 'scan', 'mget', 'set', 'hset', 'pexpire', 'unlink', 'evalsha', 'script|load'];
const KEYS = ['~sluice:*', '~product:*'];
const FOR_CHECKPOINT = ['get', 'eval'];
/** Only to tell more: without it the server is used as it is. */
const OPTIONAL = ['info'];

describe('the rights on Redis that docs/security.md names', () => {
  let server: ThrowawayRedis;
  let app: Redis;
  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.url);
  });
  afterAll(async () => {
    app.disconnect();
    await server.remove();
  });

  const addressWith = async (commands: readonly string[], keys: readonly string[] = KEYS): Promise<RedisAddress> => {
    await app.acl('SETUSER', 'sluice', 'reset', 'on', '>word', ...keys, ...commands.map((name) => `+${name}`));
    return redisAddress(server, { username: 'sluice', password: 'word' });
  };

  const preflight = async (address: RedisAddress): Promise<string[]> => {
    const options = { name: 'main', address, commandTimeoutMs: 2_000, sampleKeys: ['product:4170'] };
    return (await preflightTarget(options)).map(({ message, remedy }) => `${message} ${remedy}`);
  };

  it('are enough: for deletes, refreshes of both kinds, flushes and the checkpoint', async () => {
    const address = await addressWith([...COMMANDS, ...FOR_CHECKPOINT]);
    expect(await preflight(address)).toEqual([]);
    const cache = new RedisCache({
      name: 'main',
      address,
      commandTimeoutMs: 2_000,
      versionTtlMs: 60_000,
      flushKeysPerSecond: 10_000,
      clock: systemClock,
    });
    await app.set('product:1', 'x');
    await app.set('product:5', 'x');
    const outcomes = await cache.apply([
      { kind: 'delete', key: 'product:1', version: 5, versioned: false },
      { kind: 'delete', key: 'product:2', version: 5, versioned: true },
      { kind: 'set', key: 'product:3', version: 5, value: 'text', ttlMs: 60_000 },
      { kind: 'set', key: 'product:4', version: 5, value: { a: '1' }, ttlMs: 60_000 },
    ]);
    expect(outcomes).toEqual(['applied', 'applied', 'applied', 'applied']);
    expect([await app.get('product:3'), await app.hget('product:4', 'a')]).toEqual(['text', '1']);
    await cache.check();
    for (const versioned of [true, false]) {
      const request = { pattern: 'product:*', version: 9, versioned, forced: false };
      await cache.flush(request, () => undefined, new AbortController().signal);
    }
    expect(await app.keys('product:*')).toEqual([]);
    await cache.close();
    const store = new RedisCheckpointStore({ address, key: 'sluice:checkpoint:shop', commandTimeoutMs: 2_000 });
    expect(await store.load()).toBeNull();
    expect(await store.claim()).toBeGreaterThan(0);
    await store.close();
  });

  it.each(COMMANDS.filter((name) => !OPTIONAL.includes(name)))('without %s the preflight names it', async (name) => {
    const address = await addressWith(COMMANDS.filter((each) => each !== name));
    const problems = await preflight(address);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`does not let user sluice run ${name.toUpperCase().replace('|', ' ')}`);
    expect(problems[0]).toContain(`ACL SETUSER sluice +${name}`);
  });

  it('without a pattern of keys the preflight names it', async () => {
    const own = await preflight(await addressWith(COMMANDS, ['~product:*']));
    expect(own).toEqual([expect.stringContaining('ACL SETUSER sluice ~sluice:*')]);
    const cached = await preflight(await addressWith(COMMANDS, ['~sluice:*']));
    expect(cached).toEqual([expect.stringContaining('does not let user sluice remove keys such as `product:4170`')]);
  });

  it('without INFO it is used as it is', async () => {
    expect(await preflight(await addressWith(COMMANDS.filter((name) => name !== 'info')))).toEqual([]);
  });

  it('taken away while it runs are waited for: nothing is skipped', async () => {
    const address = await addressWith(COMMANDS.filter((name) => name !== 'unlink'));
    const cache = new RedisCache({
      name: 'main',
      address,
      commandTimeoutMs: 2_000,
      versionTtlMs: 60_000,
      flushKeysPerSecond: 10_000,
      clock: systemClock,
    });
    const command = { kind: 'delete', key: 'product:1', version: 5, versioned: false } as const;
    await expect(cache.apply([command])).rejects.toMatchObject({ code: 'CACHE_UNAVAILABLE', retryable: true });
    await addressWith(COMMANDS);
    expect(await cache.apply([command])).toEqual(['applied']);
    await cache.close();
  });
});
