import { performance } from 'node:perf_hooks';
import { startPipeline, type PipelineName } from './pipelines.ts';
import type { Workload } from './workload.ts';

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
