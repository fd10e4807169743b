import { performance } from 'node:perf_hooks';
import { inTurns } from './in-turns.ts';
import { startPipeline, type PipelineName } from './pipelines.ts';
import { atMost, type Bench, type Comparison, type Results, type Scenario } from './scenario.ts';
import { Workload } from './workload.ts';

const RATES = [200, 1000, 5000];

export const delay: Scenario = {
  name: 'delay',
  about: 'from COMMIT to the key being gone, at three rates, in one process, beside the naive pipeline',
  run: async (bench) => {
    const comparisons: Comparison[] = [];
    for (const perSecond of RATES) comparisons.push(...(await compare(bench, perSecond)));
    return comparisons;
  },
};

async function compare(bench: Bench, perSecond: number): Promise<Comparison[]> {
  const load = { perSecond, seconds: bench.isQuick ? 3 : 20 };
  const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
  try {
    await workload.insertRows(load.perSecond * load.seconds + Math.min(perSecond, 1000));
    const contestant = (name: PipelineName) => async () => {
      const { p50Ms, p99Ms, rate } = await delayAtRate(name, workload, load);
      return { p50Ms, p99Ms, rate };
    };
    const at = `at ${perSecond} transactions/s`;
    const found = await inTurns(bench, `delay ${at}`, { naive: contestant('naive'), sluice: contestant('sluice') });
    const ratios = [{ of: 'sluice', to: 'naive', goal: atMost(1.2) }];
    const notes = [`the writer reached ${reached(found.rate)} transactions/s`];
    return [
      { what: `delay ${at}, p50`, unit: 'ms', results: found.p50Ms, ratios, notes },
      { what: `delay ${at}, p99`, unit: 'ms', results: found.p99Ms, ratios },
    ];
  } finally {
    await workload.close();
  }
}

function reached(rates: Results): string {
  const all = Object.values(rates).flat();
  return `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
}

export interface Delays {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Transactions per second that the writer really reached. */
  readonly rate: number;
}

/**
 * Delay from "COMMIT was answered" to "the key is gone", seen from outside by Redis keyspace events, while a writer commits
 * single-row transactions at a steady rate. An event that overtakes the answer counts as zero.
 */
export async function delayAtRate(
  name: PipelineName,
  workload: Workload,
  load: { perSecond: number; seconds: number },
): Promise<Delays> {
  const count = load.perSecond * load.seconds;
  const warmUp = Math.min(load.perSecond, 1000);
  await workload.fillKeys(warmUp + count);
  const pipeline = startPipeline(name, workload, await workload.coordinates());
  const gone = new Map<string, number>();
  const watcher = workload.redis.duplicate();
  const channel = '__keyevent@10__:del';
  await workload.redis.config('SET', 'notify-keyspace-events', 'Eg');
  try {
    watcher.on('message', (_channel: string, key: string) => gone.set(key, performance.now()));
    await watcher.subscribe(channel);
    await pipeline.ready();
    await write(workload, { first: 1, count: warmUp, perSecond: load.perSecond });
    const started = performance.now();
    const answered = await write(workload, { first: warmUp + 1, count, perSecond: load.perSecond });
    const rate = count / ((performance.now() - started) / 1000);
    const deadline = performance.now() + 60_000;
    while ([...answered.keys()].some((key) => !gone.has(key))) {
      if (performance.now() > deadline)
        throw new Error(`${name}: keys are still cached a minute after the last commit`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const delays = [...answered].map(([key, atMs]) => Math.max(0, (gone.get(key) ?? 0) - atMs)).sort((a, b) => a - b);
    const at = (share: number): number => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? 0;
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), rate };
  } finally {
    watcher.disconnect();
    await workload.redis.config('SET', 'notify-keyspace-events', '');
    await pipeline.stop();
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
