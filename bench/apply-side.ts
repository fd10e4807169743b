import { RedisCache } from '../src/cache/redis-cache.ts';
import { AuditTrail } from '../src/runtime/audit-trail.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { Metrics } from '../src/runtime/metrics.ts';
import { Worker } from '../src/worker/worker.ts';

export const TTL_MS = 600_000;
export const VERSION_TTL_MS = 86_400_000;

/** Worker, cache and audit as the daemon puts them together; refreshes of the rule `product` are from the row image. */
export function openApplySide(redisUrl: string): { worker: Worker; close: () => Promise<void> } {
  const { hostname: host, port, pathname } = new URL(redisUrl);
  const database = Number(pathname.slice(1) || 0);
  const cache = new RedisCache({
    name: 'main',
    owner: 'bench.main',
    address: { host, port: Number(port), username: null, password: null, database, tls: null },
    commandTimeoutMs: 30_000,
    versionTtlMs: VERSION_TTL_MS,
    flushKeysPerSecond: 50_000,
    clock: systemClock,
  });
  const audit = new AuditTrail({ encode: () => '', keepRecords: 10_000 });
  const plan = {
    rule: 'product',
    from: { kind: 'row' },
    store: 'json',
    ttlMs: TTL_MS,
    jitter: 0,
    empty: null,
  } as const;
  const unexpected = (): Promise<never> => Promise.reject(new Error('no dead letters are expected'));
  const worker = new Worker({
    cache,
    plans: new Map([['product', { update: plan }]]),
    reader: null,
    deadLetters: { keep: unexpected, close: () => Promise.resolve() },
    clock: systemClock,
    logger: silentLogger,
    metrics: new Metrics(),
    retry: { baseMs: 100, maxMs: 1_000 },
    onApplied: (invalidations) => audit.record(invalidations),
  });
  return { worker, close: () => cache.close() };
}
