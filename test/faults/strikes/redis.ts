/** Faults of the Redis server itself. */
import { FAMILIES, keyOf, markerKey } from '../load/families.ts';
import { ROWS } from '../load/tables.ts';
import type { Random } from '../random.ts';
import { delay, until } from '../wait.ts';
import type { World } from '../world/world.ts';
import type { StrikeKind } from './strike.ts';

const KINDS: Readonly<Record<string, (world: World, random: Random) => Promise<void>>> = {
  restart: ({ redisWorld }) => redisWorld.only.restart(),
  SIGKILL: async ({ redisWorld: { only } }, random) => {
    await only.kill('SIGKILL');
    await delay(random.int(0, 1_000));
    await only.restart();
  },
  SIGSTOP: async ({ redisWorld: { only } }, random) => {
    await only.kill('SIGSTOP');
    await delay(random.int(100, 3_500));
    await only.kill('SIGCONT');
  },
  /** A replica of nobody: what a fail-over leaves for a moment. */
  READONLY: (world, random) => between(world, random, ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']),
  OOM: (world, random) =>
    between(world, random, ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']),
  'CLIENT PAUSE': async ({ redis }, random) => {
    await redis.call('CLIENT', 'PAUSE', random.int(200, 3_000), random.pick(['ALL', 'WRITE']));
  },
  'CLIENT KILL': async ({ redis }) => {
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  },
  'SCRIPT FLUSH': async ({ redis }) => {
    await redis.call('SCRIPT', 'FLUSH');
  },
  'wrong type': wrongType,
};

async function between({ redis }: World, random: Random, begin: string[], end: string[]): Promise<void> {
  const [first = '', ...rest] = begin;
  await redis.call(first, ...rest);
  await delay(random.int(200, 2_000));
  const [last = '', ...more] = end;
  await until('Redis takes it back', async () => (await redis.call(last, ...more)) === 'OK', { timeoutMs: 20_000 });
}

/** Somebody stores a list where a value of ours belongs. The next change of its rows must put it right. */
async function wrongType({ redis, prefix, primary, database }: World, random: Random): Promise<void> {
  for (let n = random.int(1, 5); n > 0; n--) {
    const family = random.pick(FAMILIES.filter(({ column }) => column === 'id'));
    const id = random.int(1, ROWS);
    const key = keyOf(prefix, family.name, id);
    await redis.multi().del(key).rpush(key, 'what', 'is', 'this').exec();
    const rows = await primary.rows(`SELECT id FROM ${database}.${family.table} WHERE id = ${id}`);
    // Not there, and so never changed again, perhaps.
    if (rows.length === 0) await redis.del(key);
    else await primary.run(`UPDATE ${database}.${family.table} SET n = n + 1 WHERE id = ${id}`);
  }
}

export function redisFault(weight = 1, names: readonly string[] = Object.keys(KINDS)): StrikeKind {
  return {
    name: 'redis',
    weight,
    strike: async (world, random) => {
      const name = random.pick(names);
      world.journal.strike(`redis ${name}`);
      await KINDS[name]?.(world, random);
    },
  };
}

export async function redisIsBack({ redisWorld, redis, prefix }: World): Promise<void> {
  await redisWorld.only.kill('SIGCONT');
  const writable = async (): Promise<boolean> => {
    await redis.call('REPLICAOF', 'NO', 'ONE');
    await redis.call('CONFIG', 'SET', 'maxmemory', '0');
    return (await redis.set(markerKey(prefix, 0), '1', 'PX', 1)) === 'OK';
  };
  await until('Redis takes writes', writable, { timeoutMs: 30_000 });
}
