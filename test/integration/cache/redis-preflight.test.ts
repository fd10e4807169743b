import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startRedisSentinel } from '../../../deploy/local/redis-cluster.ts';
import { readAddresses, startRedis, type Addresses, type ThrowawayRedis } from '../../../deploy/local/services.ts';
import { preflightTarget } from '../../../src/cache/redis-preflight.ts';
import type { RedisAddress } from '../../../src/runtime/config/config.ts';
import { addressOf, sentinelAddress } from './redis-harness.ts';

describe('the preflight of a target', () => {
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

  const preflight = (more: Partial<RedisAddress> = {}) =>
    preflightTarget({
      name: 'main',
      address: addressOf(server.url, more),
      commandTimeoutMs: 1_000,
      connectTimeoutMs: 1_000,
    });

  test('a server that is right has no problems, and keeps no key of it', async () => {
    expect(await preflight()).toEqual([]);
    expect(await app.keys('sluice:*')).toEqual([]);
  });

  test('a server that does not answer is named with its address', async () => {
    const [problem, ...more] = await preflight({ port: 1 });
    expect(problem?.message).toBe('target main (127.0.0.1:1/0) does not answer: connect ECONNREFUSED 127.0.0.1:1');
    expect(more).toEqual([]);
  });

  test('another kind of server is told from one that does not answer', async () => {
    const { mysql, kafka } = (await readAddresses()) as Addresses;
    for (const password of [null, 'word']) {
      const [problem, ...more] = await preflight({ port: Number(new URL(mysql.url).port), password });
      expect(`${problem?.message}. ${problem?.remedy}`).toMatch(/not as Redis does|Something listens there/);
      expect(JSON.stringify(problem)).not.toMatch(/enableOfflineQueue|report this/);
      expect(more).toEqual([]);
    }
    const [mistaken] = await preflight({ port: Number(new URL(mysql.url).port) });
    expect(mistaken?.message).toContain('answers, but not as Redis does');
    expect(mistaken?.temporary).toBeUndefined();
    // A proxy before a Redis that is down does the same: it may pass.
    const [closed] = await preflight({ port: Number(kafka.brokers[0]?.split(':')[1]) });
    expect(closed).toMatchObject({ temporary: true, remedy: expect.stringContaining('Something listens') as string });
  });

  test('a missing or wrong password is said without the password', async () => {
    await app.acl('SETUSER', 'someone', 'on', '>right-word', '~*', '+@all');
    const wrong = await preflight({ username: 'someone', password: 'wrong-word' });
    expect(wrong).toEqual([
      expect.objectContaining({ message: expect.stringContaining('refuses the password') as string }),
    ]);
    expect(JSON.stringify(wrong)).not.toContain('wrong-word');

    await app.config('SET', 'requirepass', 'right-word');
    const missing = await preflight();
    await app.config('SET', 'requirepass', '');
    expect(missing.map(({ message }) => message)).toEqual([expect.stringContaining('asks for a password')]);
  });

  test('every missing permission is listed, with the command that grants them', async () => {
    await app.acl(
      'SETUSER',
      'limited',
      'on',
      '>word',
      '~*',
      '+@all',
      '-unlink',
      '-hset',
      '-script',
      '-evalsha',
      '-scan',
      '-info',
    );
    const problems = await preflight({ username: 'limited', password: 'word' });
    expect(problems).toEqual([
      {
        message: expect.stringContaining(
          'does not let user limited run HSET, UNLINK, SCRIPT LOAD, EVALSHA, SCAN',
        ) as string,
        remedy: 'ACL SETUSER limited +hset +unlink +script|load +evalsha +scan',
      },
    ]);
  });

  test('a missing key pattern is told apart from a missing command', async () => {
    await app.acl('SETUSER', 'keyless', 'on', '>word', '~product:*', '+@all', '-pexpire');
    const problems = await preflight({ username: 'keyless', password: 'word' });
    expect(problems.map(({ remedy }) => remedy)).toEqual([
      'ACL SETUSER keyless +pexpire',
      expect.stringContaining('ACL SETUSER keyless ~sluice:*'),
    ]);
  });

  test('a replica is refused and its master named', async () => {
    await app.replicaof('127.0.0.1', 1);
    const problems = await preflight();
    await app.replicaof('NO', 'ONE');
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('is a replica of 127.0.0.1:1')]);
    expect(problems[0]?.temporary).toBe(true);
  });

  test('a database that does not exist is refused', async () => {
    const problems = await preflight({ database: 99 });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('does not have this database')]);
  });

  test('a full memory without eviction is refused once, not for every command', async () => {
    await app.config('SET', 'maxmemory', '1');
    const problems = await preflight();
    await app.config('SET', 'maxmemory', '0');
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('memory is full')]);
    expect(problems[0]?.temporary).toBe(true);
  });

  test('a server that is no cluster is told from one', async () => {
    const options = { name: 'main', commandTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
    const problems = await preflightTarget({ ...options, address: { cluster: [addressOf(server.url)] } });
    expect(problems).toEqual([
      {
        message: expect.stringContaining('is not part of a Redis Cluster') as string,
        remedy: 'Name a single server as `url` instead of `cluster`.',
      },
    ]);
  });

  test('a master behind sentinels is found, or who does not know it is named', async () => {
    const group = await startRedisSentinel();
    onTestFinished(() => group.remove());
    const options = { name: 'main', commandTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
    const address = sentinelAddress(group);
    expect(await preflightTarget({ ...options, address })).toEqual([]);
    const [unknown] = await preflightTarget({ ...options, address: { ...address, master: 'other' } });
    expect(unknown?.message).toContain('no sentinel names the master other: ERR No such master');
    const [first] = group.nodes;
    if (first === undefined) throw new Error('no master');
    await group.command(first, 'CONFIG', 'SET', 'maxmemory', '1');
    expect((await preflightTarget({ ...options, address })).map(({ message }) => message)).toEqual([
      expect.stringContaining(`node 127.0.0.1:${first.port} refuses writes because its memory is full`) as string,
    ]);
  });

  test('a node of a cluster is refused', async () => {
    const node = await startRedis({ flags: ['--cluster-enabled', 'yes'] });
    const problems = await preflightTarget({
      name: 'node',
      address: addressOf(node.url),
      commandTimeoutMs: 1_000,
    }).finally(() => node.remove());
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('a node of a Redis Cluster')]);
  });
});
