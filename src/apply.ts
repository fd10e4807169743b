/** Composition root 2: a subscription → worker → Redis target. */
import type { Runtime } from './daemon.ts';
import { RedisCache } from './cache/redis-cache.ts';
import type { Invalidation } from './model/invalidation.ts';
import type { Cache, DeadLetters, RowReader } from './ports.ts';
import { AuditTrail } from './runtime/audit-trail.ts';
import type { TargetConfig } from './runtime/config/config.ts';
import { MysqlRowReader } from './source/row-reader.ts';
import { encodeRecord } from './transport/record-encoder.ts';
import { Worker } from './worker/worker.ts';

/** How many of the newest invalidations `sluice tail --since` can look back over, per process. */
const REMEMBERED_RECORDS = 10_000;

export interface ApplyParts {
  readonly cache: Cache;
  readonly reader: RowReader | null;
  readonly deadLetters: DeadLetters;
  readonly audit: AuditTrail;
}

export function createWorker(runtime: Runtime, parts: ApplyParts): Worker {
  return new Worker({
    ...parts,
    plans: runtime.ruleSet.plans,
    clock: runtime.clock,
    logger: runtime.logger.child({ component: 'worker', target: parts.cache.name }),
    metrics: runtime.metrics,
    retry: runtime.config.apply.retry,
    onApplied: (invalidations: readonly Invalidation[]) => parts.audit.record(invalidations),
  });
}

export function createCache({ config }: Runtime, target: TargetConfig): Cache {
  return new RedisCache({ ...target, versionTtlMs: config.apply.versionTtlMs });
}

/** Null when no rule reads anything: then the server for refresh queries is never connected to. */
export function createReader({ config, ruleSet, clock }: Runtime): RowReader | null {
  const reads = [...ruleSet.plans.values()].some((plan) => plan.from.kind === 'query');
  return reads ? new MysqlRowReader({ ...config.read, clock }) : null;
}

export function createAudit({ config }: Runtime): AuditTrail {
  return new AuditTrail({
    encode: encodeRecord,
    keepRecords: REMEMBERED_RECORDS,
    ...(config.audit === null ? {} : { path: config.audit.path }),
  });
}
