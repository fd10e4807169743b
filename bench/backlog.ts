import { performance } from 'node:perf_hooks';
import { startPipeline, type PipelineName } from './pipelines.ts';
import type { Coordinates, Workload } from './workload.ts';

/**
 * Backlog to empty keys: `count` single-row transactions are already in the binlog, every key is cached; the process
 * starts before them. The clock runs from the first key gone to the last, so that process start does not count.
 */
export async function backlogThroughput(
  name: PipelineName,
  workload: Workload,
  backlog: { from: Coordinates; count: number },
): Promise<number> {
  await workload.fillKeys(backlog.count);
  const pipeline = startPipeline(name, workload, backlog.from);
  try {
    const first = await waitForSize(workload, (left) => left < backlog.count);
    const last = await waitForSize(workload, (left) => left === 0);
    // The first poll already sees some keys gone; they were not part of the measured time.
    return first.left / ((last.atMs - first.atMs) / 1000);
  } finally {
    await pipeline.stop();
  }
}

async function waitForSize(
  workload: Workload,
  done: (left: number) => boolean,
): Promise<{ left: number; atMs: number }> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const left = await cachedKeys(workload);
    const atMs = performance.now();
    if (done(left)) return { left, atMs };
    if (atMs > deadline) throw new Error(`${left} keys are still there after two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** How many there are, beside the few that Sluice keeps for itself. */
async function cachedKeys({ redis }: Workload): Promise<number> {
  const size = await redis.dbsize();
  if (size > 100) return size;
  return (await redis.keys('*')).filter((key) => !key.startsWith('sluice:')).length;
}
