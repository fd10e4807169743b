import { setTimeout as sleep } from 'node:timers/promises';
import { inTurns } from './in-turns.ts';
import { startPipeline, type PipelineName } from './pipelines.ts';
import type { Scenario } from './scenario.ts';
import { DATABASE, TABLE, Workload, type Coordinates } from './workload.ts';

/** Partitions are applied in order, each by itself: so many keys behind the hot one are in all of them. */
const SENTINELS = 200;
const HOT = 'row:1';
const PATIENCE_MS = 600_000;

export const hotKey: Scenario = {
  name: 'hot-key',
  about: 'a backlog of single-row transactions that all change one row, to the keys behind it being gone',
  run: async (bench) => {
    const count = bench.isQuick ? 40_000 : 400_000;
    const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
    try {
      await workload.insertRows(1 + SENTINELS);
      const from = await workload.coordinates();
      bench.progress(`writing ${count} transactions of one row`);
      await workload.run(`CREATE PROCEDURE ${DATABASE}.hot() BEGIN DECLARE i INT DEFAULT 0;
        WHILE i < ${count} DO UPDATE ${TABLE} SET stock = stock + 1 WHERE id = 1; SET i = i + 1; END WHILE;
        SET i = 2; WHILE i <= ${1 + SENTINELS} DO UPDATE ${TABLE} SET stock = stock + 1 WHERE id = i; SET i = i + 1; END WHILE; END;
        CALL ${DATABASE}.hot()`);
      const contestant = (name: PipelineName) => async () => ({ rate: await throughput(name, workload, from, count) });
      const { rate } = await inTurns(bench, 'hot key', { naive: contestant('naive'), sluice: contestant('sluice') });
      const ratios = [{ of: 'sluice', to: 'naive', goal: null }];
      return [
        { what: 'a backlog of changes of one row, in one process', unit: 'transactions/s', results: rate, ratios },
      ];
    } finally {
      await workload.close();
    }
  },
};

/** From the hot key gone for the first time to the last sentinel gone, so that process start does not count. */
async function throughput(name: PipelineName, workload: Workload, from: Coordinates, count: number): Promise<number> {
  const sentinels = Array.from({ length: SENTINELS }, (_, i) => `row:${i + 2}`);
  await workload.fillKeys(1 + SENTINELS);
  const pipeline = startPipeline(name, workload, from);
  try {
    const begun = await whenGone(workload, [HOT]);
    const ended = await whenGone(workload, sentinels);
    return count / ((ended - begun) / 1000);
  } finally {
    await pipeline.stop();
  }
}

async function whenGone({ redis }: Workload, keys: readonly string[]): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await redis.exists(...keys)) > 0) {
    if (performance.now() > deadline) throw new Error(`of ${keys.length} keys some are still there`);
    await sleep(2);
  }
  return performance.now();
}
