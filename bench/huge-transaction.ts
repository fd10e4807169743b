import { setTimeout as sleep } from 'node:timers/promises';
import { Daemons } from './daemons.ts';
import { inTurns } from './in-turns.ts';
import { peakMb, residentMb } from './memory.ts';
import type { Scenario } from './scenario.ts';
import { BACKLOG_TABLE, dropBacklog, makeEmptyTable, writeHugeTransaction } from './written-backlog.ts';
import { Workload } from './workload.ts';

const MAX_GROWTH_MB = 120;
/** Waiting is by a condition; this is when it is given up. */
const PATIENCE_MS = 600_000;

export const hugeTransaction: Scenario = {
  name: 'huge-transaction',
  about: 'the most memory while one transaction of 2,000,000 rows goes through, beside what the same daemon has idle',
  run: async (bench) => {
    const rows = bench.isQuick ? 100_000 : 2_000_000;
    const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
    try {
      const { mb } = await inTurns(bench, `a transaction of ${rows} rows`, {
        limit: () => Promise.resolve({ mb: MAX_GROWTH_MB }),
        'sluice, peak above idle': async () => ({ mb: await growth(workload, rows) }),
      });
      const ratios = [{ of: 'sluice, peak above idle', to: 'limit', goal: { bound: 'at most', times: 1 } }] as const;
      return [{ what: `one transaction of ${rows} rows, peak resident memory above idle`, unit: 'MB', results: mb, ratios }]; // prettier-ignore
    } finally {
      await dropBacklog(workload.mysql.url);
      await workload.close();
    }
  },
};

async function growth(workload: Workload, rows: number): Promise<number> {
  await workload.redis.flushdb();
  await makeEmptyTable(workload.mysql.url);
  const rules = [{ name: 'row', table: BACKLOG_TABLE, keys: ['row:{id}'], action: 'delete' }];
  const from = await workload.coordinates();
  const daemons = new Daemons({ mysqlUrl: workload.mysql.url, redisUrl: workload.redisUrl, from, rules });
  try {
    const daemon = daemons.start('run');
    await daemons.ready();
    await sleep(3_000);
    const idleMb = residentMb(daemon.pid);
    // Partitions are applied in order, each by itself: many of the last rows stand for all of them.
    const last = Array.from({ length: 200 }, (_, i) => `row:${rows - i}`);
    await workload.redis.mset(...last.flatMap((key) => [key, 'cached']));
    await writeHugeTransaction(workload.mysql.url, rows);
    const deadline = performance.now() + PATIENCE_MS;
    while ((await workload.redis.exists(...last)) > 0) {
      if (performance.now() > deadline) throw new Error('the transaction has not been applied');
      await sleep(50);
    }
    return peakMb(daemon.pid) - idleMb;
  } finally {
    await daemons.stop();
  }
}
