import { performance } from 'node:perf_hooks';
import { inTurns } from './in-turns.ts';
import { startPipeline, type PipelineName } from './pipelines.ts';
import { atLeast, type Bench, type Comparison, type Goal, type Scenario } from './scenario.ts';
import { Workload, type Coordinates } from './workload.ts';

export const backlog: Scenario = {
  name: 'backlog',
  about: 'a backlog of single-row transactions to empty keys, in one process, beside the naive pipeline',
  run: async (bench) => [await compare(bench, 'sluice', atLeast(8))],
};

export const backlogKafka: Scenario = {
  name: 'backlog-kafka',
  about: 'the same backlog through Kafka: capture and worker catch up together',
  run: async (bench) => [await compare(bench, 'sluice, Kafka', null)],
};

async function compare(bench: Bench, ours: PipelineName, goal: Goal | null): Promise<Comparison> {
  // Long enough that a process is warm for most of it: the first second of either is mostly compilation.
  const count = bench.isQuick ? 100_000 : 1_000_000;
  const brokers = ours === 'sluice, Kafka' ? (await bench.servers(['kafka'])).kafka.brokers : [];
  const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
  try {
    await workload.insertRows(count);
    const from = await workload.coordinates();
    bench.progress(`writing ${count} single-row transactions`);
    await workload.updateSingly(count);
    const contestant = (name: PipelineName) => async () => ({
      rate: await backlogThroughput(name, workload, { from, count }, brokers),
    });
    const what = `backlog to empty keys, ${ours}`;
    const { rate } = await inTurns(bench, what, { naive: contestant('naive'), [ours]: contestant(ours) });
    return { what, unit: 'transactions/s', results: rate, ratios: [{ of: ours, to: 'naive', goal }] };
  } finally {
    await workload.close();
  }
}

/**
 * Backlog to empty keys: `count` single-row transactions are already in the binlog, every key is cached; the process
 * starts before them. The clock runs from the first key gone to the last, so that process start does not count.
 */
export async function backlogThroughput(
  name: PipelineName,
  workload: Workload,
  backlog: { from: Coordinates; count: number },
  brokers: readonly string[] = [],
): Promise<number> {
  await workload.fillKeys(backlog.count);
  const pipeline = startPipeline(name, workload, backlog.from, brokers);
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
    const left = await workload.cachedKeys();
    const atMs = performance.now();
    if (done(left)) return { left, atMs };
    if (atMs > deadline) throw new Error(`${left} keys are still there after two minutes`);
    // Asking takes time of the same processors.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
