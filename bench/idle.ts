import { setTimeout as sleep } from 'node:timers/promises';
import { Daemons } from './daemons.ts';
import { inTurns } from './in-turns.ts';
import { cpuSeconds, residentMb } from './memory.ts';
import type { Comparison, Scenario } from './scenario.ts';
import { TABLE, Workload } from './workload.ts';

const MAX_IDLE_MB = 120;
const MAX_IDLE_CPU_PERCENT = 0.5;
/** What starting took is not what idling takes: up to 20 s after it V8 gives back, in pieces, the memory that it needed for that. */
const SETTLE_MS = 30_000;

export const idle: Scenario = {
  name: 'idle',
  about: 'memory and processor time of a daemon while nothing is written',
  run: async (bench) => {
    const seconds = bench.isQuick ? 10 : 60;
    const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
    try {
      const { residentMb, cpuPercent } = await inTurns(bench, 'idle', {
        // So that goals stand beside what they are goals for.
        limit: () => Promise.resolve({ residentMb: MAX_IDLE_MB, cpuPercent: MAX_IDLE_CPU_PERCENT }),
        sluice: () => idleFor(workload, seconds),
      });
      const ratios = [{ of: 'sluice', to: 'limit', goal: { bound: 'at most', times: 1 } }] as const;
      return [
        { what: 'idle, resident memory', unit: 'MB', results: residentMb, ratios },
        { what: 'idle, processor time', unit: '% of a core', results: cpuPercent, ratios },
      ] satisfies Comparison[];
    } finally {
      await workload.close();
    }
  },
};

async function idleFor(workload: Workload, seconds: number): Promise<{ residentMb: number; cpuPercent: number }> {
  const rules = [{ name: 'row', table: TABLE, keys: ['row:{id}'], action: 'delete' }];
  const from = await workload.coordinates();
  const daemons = new Daemons({ mysqlUrl: workload.mysql.url, redisUrl: workload.redisUrl, from, rules });
  try {
    const { pid } = daemons.start('run');
    await daemons.ready();
    await sleep(SETTLE_MS);
    const before = cpuSeconds(pid);
    await sleep(seconds * 1000);
    return { residentMb: residentMb(pid), cpuPercent: ((cpuSeconds(pid) - before) / seconds) * 100 };
  } finally {
    await daemons.stop();
  }
}
