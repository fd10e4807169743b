import { performance } from 'node:perf_hooks';
import { inTurns } from './in-turns.ts';
import { percentiles, type Percentiles } from './percentiles.ts';
import { peerNotes } from './peers/peers.ts';
import { startPeerPipeline } from './peers/pipeline.ts';
import { startPipeline, type PipelineName, type RunningPipeline } from './pipelines.ts';
import { atLeast, atMost, type Bench, type Comparison, type Results, type Scenario } from './scenario.ts';
import { warmUpFor } from './warm-up.ts';
import { Workload } from './workload.ts';

export const RATES: readonly number[] = [200, 1000, 5000];

export const delay: Scenario = {
  name: 'delay',
  about: 'from COMMIT to the key being gone, at three rates, in one process, beside the naive pipeline',
  run: async (bench) => {
    const comparisons: Comparison[] = [];
    for (const perSecond of RATES) comparisons.push(...(await compare(bench, perSecond)));
    return comparisons;
  },
};

interface Load {
  readonly perSecond: number;
  readonly seconds: number;
}

async function compare(bench: Bench, perSecond: number): Promise<Comparison[]> {
  const load = { perSecond, seconds: bench.isQuick ? 3 : 20 };
  const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
  try {
    await workload.insertRows(rowsFor(load));
    const contestant = (name: PipelineName) => async () => numbers(await delayAtRate(name, workload, load));
    const at = `at ${perSecond} transactions/s`;
    const found = await inTurns(bench, `delay ${at}`, {
      naive: contestant('naive'),
      sluice: contestant('sluice'),
      ...(bench.withPeers && {
        debezium: async () => {
          const pipeline = await startPeerPipeline('debezium', workload, { rows: 0, pollMs: 1 }, bench.progress);
          return numbers(await delayOf(pipeline, workload, load));
        },
      }),
    });
    const ratios = [
      { of: 'sluice', to: 'naive', goal: atMost(1.2) },
      ...(bench.withPeers ? [{ of: 'debezium', to: 'sluice', goal: atLeast(5) }] : []),
    ];
    const notes = [`the writer reached ${reached(found.rate)} transactions/s`, ...(bench.withPeers ? peerNotes() : [])];
    return [
      { what: `delay ${at}, p50`, unit: 'ms', results: found.p50Ms, ratios, notes },
      { what: `delay ${at}, p99`, unit: 'ms', results: found.p99Ms, ratios },
    ];
  } finally {
    await workload.close();
  }
}

const numbers = ({ p50Ms, p99Ms, rate }: Delays): Record<'p50Ms' | 'p99Ms' | 'rate', number> => ({
  p50Ms,
  p99Ms,
  rate,
});

function reached(rates: Results): string {
  const all = Object.values(rates).flat();
  return `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
}

export interface Delays extends Percentiles {
  /** Transactions per second that the writer really reached. */
  readonly rate: number;
}

/** Rows that `delayAtRate` updates. */
export const rowsFor = ({ perSecond, seconds }: Load): number => warmUpFor(perSecond).count + perSecond * seconds;

export async function delayAtRate(
  name: PipelineName,
  workload: Workload,
  load: Load,
  brokers: readonly string[] = [],
): Promise<Delays> {
  const pipeline = startPipeline(name, workload, await workload.coordinates(), brokers);
  return delayOf(pipeline, workload, load);
}

/**
 * Delay from "COMMIT was answered" to "the key is gone", seen from outside by Redis keyspace events, while a writer commits
 * single-row transactions at a steady rate. An event that overtakes the answer counts as zero. Stops the pipeline.
 */
async function delayOf(pipeline: RunningPipeline, workload: Workload, load: Load): Promise<Delays> {
  const count = load.perSecond * load.seconds;
  const warmUp = warmUpFor(load.perSecond);
  const gone = new Map<string, number>();
  const watcher = workload.redis.duplicate();
  const channel = '__keyevent@10__:del';
  try {
    await workload.fillKeys(warmUp.count + count);
    await workload.redis.config('SET', 'notify-keyspace-events', 'Eg');
    watcher.on('message', (_channel: string, key: string) => gone.set(key, performance.now()));
    await watcher.subscribe(channel);
    await pipeline.ready();
    // Who is behind at its end must not be measured by that.
    await untilGone(gone, await write(workload, { first: 1, ...warmUp }));
    const started = performance.now();
    const answered = await write(workload, { first: warmUp.count + 1, count, perSecond: load.perSecond });
    const rate = count / ((performance.now() - started) / 1000);
    await untilGone(gone, answered);
    return { ...percentiles([...answered].map(([key, atMs]) => Math.max(0, (gone.get(key) ?? 0) - atMs))), rate };
  } finally {
    watcher.disconnect();
    await workload.redis.config('SET', 'notify-keyspace-events', '');
    await pipeline.stop();
  }
}

async function untilGone(gone: ReadonlyMap<string, number>, answered: ReadonlyMap<string, number>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while ([...answered.keys()].some((key) => !gone.has(key))) {
    if (performance.now() > deadline) throw new Error('keys are still cached a minute after the last commit');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Updates rows one by one, evenly paced; the result says when each COMMIT was answered. */
async function write(
  workload: Workload,
  load: { first: number; count: number; perSecond: number },
): Promise<Map<string, number>> {
  const answered = new Map<string, number>();
  const pending: Promise<void>[] = [];
  const started = performance.now();
  for (let sent = 0; sent < load.count;) {
    const due = Math.min(load.count, Math.floor(((performance.now() - started) / 1000) * load.perSecond));
    for (; sent < due; sent++) {
      const id = load.first + sent;
      pending.push(workload.updateRow(id).then(() => void answered.set(`row:${id}`, performance.now())));
    }
    // A timer, not a busy loop: that would take one of the cores from the servers.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return answered;
}
