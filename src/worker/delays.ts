import type { Invalidation } from '../model/invalidation.ts';
import type { DeliveredItem } from '../ports.ts';
import type { Metrics } from '../runtime/metrics.ts';

/**
 * Observes the two delay histograms for the first and the last readable invalidation of a finished batch: its oldest
 * and, mostly, its newest. Two samples instead of thousands: an observation costs as much as applying a delete. The
 * histograms therefore weigh batches, not records; their tail is true, because the oldest is always among the samples.
 * A source whose clock is ahead counts as 0.
 */
export function observeDelays(
  items: readonly DeliveredItem[],
  { target, nowMs, metrics }: { target: string; nowMs: number; metrics: Metrics },
): void {
  const first = items.find(isReadable);
  if (first === undefined) return;
  const last = items.findLast(isReadable) ?? first;
  for (const { invalidation } of first === last ? [first] : [first, last]) {
    const { commitTimeMs, captureTimeMs } = invalidation.origin;
    metrics.observe('sluice_invalidation_delay_seconds', { target }, Math.max(0, nowMs - commitTimeMs) / 1000);
    metrics.observe('sluice_apply_delay_seconds', { target }, Math.max(0, nowMs - captureTimeMs) / 1000);
  }
}

function isReadable(item: DeliveredItem): item is DeliveredItem & { invalidation: Invalidation } {
  return item.kind === 'invalidation';
}
