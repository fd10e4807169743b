import type {
  ChangeOrigin,
  DeleteInvalidation,
  Invalidation,
  RefreshInvalidation,
  RefreshPlan,
  RowPayload,
} from '../../src/model/invalidation.ts';
import type { DeliveredItem, PartitionBatch } from '../../src/ports.ts';

export const ORIGIN: ChangeOrigin = {
  database: 'shop',
  table: 'products',
  operation: 'update',
  primaryKey: { id: 1 },
  gtid: null,
  coordinates: { file: 'binlog.000001', offset: 157 },
  commitTimeMs: 1_700_000_000_000,
  captureTimeMs: 1_700_000_000_010,
};

export function deleteOf(key: string, version: number, more: Partial<DeleteInvalidation> = {}): DeleteInvalidation {
  const base = { key, partitionKey: key, version, rule: 'product', origin: ORIGIN };
  return { ...base, action: 'delete', versioned: false, ...more };
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

export function planOf(more: Partial<RefreshPlan> = {}): RefreshPlan {
  return { rule: 'card', from: { kind: 'row' }, store: 'json', ttlMs: 600_000, jitter: 0, empty: null, ...more };
}

export function delivered(invalidation: Invalidation, place = `topic/0@${invalidation.version}`): DeliveredItem {
  return { kind: 'invalidation', invalidation, place };
}

export function batchOf(...invalidations: readonly Invalidation[]): PartitionBatch {
  return { partition: 0, items: invalidations.map((invalidation) => delivered(invalidation)) };
}
