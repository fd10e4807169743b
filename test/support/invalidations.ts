import type {
  ChangeOrigin,
  DeleteInvalidation,
  EpochInvalidation,
  FlushInvalidation,
  Invalidation,
  RefreshInvalidation,
  RefreshPlan,
  RefreshPlans,
  RowPayload,
} from '../../src/model/invalidation.ts';
import type { DeliveredItem, PartitionBatch } from '../../src/ports.ts';

export const ORIGIN: ChangeOrigin = {
  database: 'shop',
  table: 'products',
  operation: 'update',
  ruleSet: 'abcdef012345',
  primaryKey: { id: 1 },
  gtid: null,
  coordinates: { file: 'binlog.000001', offset: 157 },
  commitTimeMs: 1_700_000_000_000,
  captureTimeMs: 1_700_000_000_010,
};

export const TRUNCATE: ChangeOrigin = { ...ORIGIN, operation: 'truncate', primaryKey: null };

export function deleteOf(key: string, version: number, more: Partial<DeleteInvalidation> = {}): DeleteInvalidation {
  const base = { key, partitionKey: key, version, rule: 'product', origin: ORIGIN };
  return { ...base, action: 'delete', versioned: false, againAfterMs: null, ...more };
}

export function refreshOf(
  key: string,
  version: number,
  columns: RowPayload['columns'] | null,
  more: Partial<RefreshInvalidation> = {},
): RefreshInvalidation {
  const row: RowPayload = columns === null ? { state: 'gone', columns: {} } : { state: 'present', columns };
  return { action: 'refresh', key, partitionKey: key, version, rule: 'card', origin: ORIGIN, row, ...more };
}

/** Of a TRUNCATE, as capture makes it. */
export function flushOf(pattern: string, version: number, more: Partial<FlushInvalidation> = {}): FlushInvalidation {
  const base = { key: pattern, partitionKey: 'card', version, rule: 'card', origin: TRUNCATE };
  return { ...base, action: 'flush', reason: 'truncate', versioned: true, againAfterMs: null, ...more };
}

export function epochOf(table: string, version: number, more: Partial<EpochInvalidation> = {}): EpochInvalidation {
  const key = `sluice:epoch:${table}`;
  return { action: 'epoch', key, partitionKey: key, version, rule: 'product', origin: TRUNCATE, ...more };
}

/** Each plan for every operation. */
export function plansOf(...plans: readonly RefreshPlan[]): RefreshPlans {
  return new Map(plans.map((plan) => [plan.rule, { insert: plan, update: plan, delete: plan }]));
}

export function planOf(more: Partial<RefreshPlan> = {}): RefreshPlan {
  return { rule: 'card', from: { kind: 'row' }, store: 'json', ttlMs: 600_000, jitter: 0, empty: null, ...more };
}

export function delivered(invalidation: Invalidation, place = `topic/0@${invalidation.version}`): DeliveredItem {
  return { kind: 'invalidation', invalidation, place };
}

export function batchOf(...invalidations: readonly Invalidation[]): PartitionBatch {
  return { partition: 0, items: invalidations.map((invalidation) => delivered(invalidation)) };
}

/** As a plain object, whatever takes its origin apart when asked: for comparisons. */
export function plain<T extends Invalidation>(invalidation: T): T {
  const { database, table, operation, ruleSet, primaryKey, gtid, coordinates, commitTimeMs, captureTimeMs } =
    invalidation.origin;
  const facts = { database, table, operation, ruleSet, primaryKey, gtid, coordinates };
  return { ...invalidation, origin: { ...facts, commitTimeMs, captureTimeMs } };
}

export function plainItem(item: DeliveredItem): DeliveredItem {
  return item.kind === 'invalidation' ? { ...item, invalidation: plain(item.invalidation) } : item;
}
