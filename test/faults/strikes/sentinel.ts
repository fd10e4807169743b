import { until } from '../wait.ts';
import type { StrikeKind } from './strike.ts';

/** The master dies, the sentinels promote a replica that may lack the last deletes, and the old one comes back as a replica. */
export function killMaster(weight = 1): StrikeKind {
  return {
    name: 'redis fail-over',
    weight,
    strike: async ({ redisWorld, journal }) => {
      const old = await redisWorld.masterPort();
      const master = redisWorld.nodes.find(({ port }) => port === old);
      if (master === undefined) return;
      journal.strike('redis fail-over', String(old));
      await master.kill('SIGKILL');
      const moved = async (): Promise<boolean> => (await redisWorld.masterPort()) !== old;
      await until('the sentinels promote another', moved, { timeoutMs: 30_000 });
      journal.moment('promotion of a Redis');
      await master.restart();
    },
  };
}
