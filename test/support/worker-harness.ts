import type { Logger } from '../../src/runtime/logger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { Metrics } from '../../src/runtime/metrics.ts';
import type { DeadLetter, RowReader } from '../../src/ports.ts';
import { Worker, type WorkerOptions } from '../../src/worker/worker.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryCache } from './memory-cache.ts';

type Rows = Awaited<ReturnType<RowReader['read']>>;

/** A worker over memory. `answers` is what the reader gives, query by query. */
export function workerHarness(more: Partial<WorkerOptions> = {}) {
  const clock = new FakeClock();
  const cache = new MemoryCache({ clock });
  const metrics = new Metrics();
  const letters: DeadLetter[] = [];
  const log: { level: string; message: string }[] = [];
  const logged =
    (level: string) =>
    (...args: unknown[]): void => {
      log.push({ level, message: String(args.at(-1)) });
    };
  const logger = Object.assign(Object.create(silentLogger) as Logger, { warn: logged('warn'), info: logged('info') });
  const deadLetters = {
    keep: (kept: readonly DeadLetter[]) => {
      letters.push(...kept);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const worker = new Worker({
    cache,
    plans: new Map(),
    reader: null,
    deadLetters,
    clock,
    logger,
    metrics,
    retry: { baseMs: 100, maxMs: 1_000 },
    random: () => 0.5,
    ...more,
  });
  const stop = new AbortController();
  return { worker, cache, clock, metrics, letters, log, stop, signal: stop.signal };
}

export function readerOf(read: (sql: string, parameters: readonly unknown[]) => Rows | Promise<Rows>): RowReader {
  return {
    read: async ({ sql, parameters }) => read(sql, parameters),
    close: () => Promise.resolve(),
  };
}

/** The lines of one metric in the Prometheus text, without its name. */
export async function metricLines(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.slice(name.length));
}
