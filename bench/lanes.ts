import { performance } from 'node:perf_hooks';

/** Loops side by side, as partitions are: each takes the next batch when its last one is answered. */
const LANES = 4;

export interface Rate {
  readonly perSecond: number;
  /** Of this process, µs for each; a busy machine changes it less than the rate. */
  readonly cpuUs: number;
}

/** Of batches that are all prepared. */
export async function throughput<T>(
  batches: readonly (readonly T[])[],
  work: (batch: readonly T[]) => Promise<unknown>,
): Promise<Rate> {
  const queue = batches.values();
  const lane = async (): Promise<void> => {
    for (const batch of queue) await work(batch);
  };
  const stopwatch = new Stopwatch();
  stopwatch.start();
  await Promise.all(Array.from({ length: LANES }, lane));
  return stopwatch.stop(batches.reduce((sum, batch) => sum + batch.length, 0));
}

export class Stopwatch {
  #began: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;

  /** Only the first time. */
  start(): void {
    this.#began ??= { ms: performance.now(), cpu: process.cpuUsage() };
  }

  stop(count: number): Rate {
    if (this.#began === undefined) throw new Error('the stopwatch was not started');
    const { user, system } = process.cpuUsage(this.#began.cpu);
    return { perSecond: count / ((performance.now() - this.#began.ms) / 1000), cpuUs: (user + system) / count };
  }
}

export function textOf({ perSecond, cpuUs }: Rate): string {
  return `${Math.round(perSecond)}/s (${cpuUs.toFixed(2)} µs of CPU each)`;
}

export function slices<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
