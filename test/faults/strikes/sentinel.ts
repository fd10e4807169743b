import { Redis } from 'ioredis';
import type { Throwaway } from '../../../deploy/local/throwaway.ts';
import { delay, until } from '../wait.ts';
import type { StrikeKind } from './strike.ts';

/**
 * The master dies, the sentinels promote a replica, and the old one comes back as a replica. Half of the time no replica has had
 * anything of the last moments: what the master acknowledged then is lost with it.
 */
export function killMaster(weight = 1): StrikeKind {
  return {
    name: 'redis fail-over',
    weight,
    strike: async ({ redisWorld, journal }, random) => {
      const old = await redisWorld.masterPort();
      const master = redisWorld.nodes.find(({ port }) => port === old);
      if (master === undefined) return;
      const others = redisWorld.nodes.filter((node) => node !== master);
      const behind = random.chance(0.5);
      try {
        if (behind) {
          await Promise.all(others.map((node) => refuseToFollow(node)));
          await delay(random.int(300, 1_500));
        }
        journal.strike(behind ? 'redis fail-over to a replica behind' : 'redis fail-over', String(old));
        await master.kill('SIGKILL');
        const moved = async (): Promise<boolean> => (await redisWorld.masterPort()) !== old;
        await until('the sentinels promote another', moved, { timeoutMs: 30_000 });
        journal.moment('promotion of a Redis');
      } finally {
        if (behind) await Promise.all(others.map((node) => followAgain(node)));
      }
      await master.restart();
    },
  };
}

/** A replica that is only stopped finds in its socket what was sent meanwhile: this one is not let in by its master any more. */
const refuseToFollow = (node: Throwaway): Promise<void> =>
  ask(node, async (client) => {
    await client.config('SET', 'masterauth', 'the master has no password');
    await client.call('CLIENT', 'KILL', 'TYPE', 'master');
  });

const followAgain = (node: Throwaway): Promise<void> =>
  ask(node, async (client) => {
    await client.config('SET', 'masterauth', '');
  });

async function ask(node: Throwaway, work: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis(node.port, '127.0.0.1', { maxRetriesPerRequest: 1 });
  client.on('error', () => undefined);
  try {
    await work(client);
  } finally {
    client.disconnect();
  }
}
