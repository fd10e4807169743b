import type { FlushInvalidation } from '../model/invalidation.ts';
import type { DeliveredItem } from '../ports.ts';
import { longerOf, type InvalidationItem } from './coalesce.ts';

export type FlushItem = InvalidationItem & { readonly invalidation: FlushInvalidation };

/** Part of a batch: items whose order does not matter once they are coalesced, or one flush. */
export type Segment =
  | { readonly kind: 'items'; readonly items: readonly DeliveredItem[] }
  /** `items` in their order: one flush, `invalidation`, does the work of all. */
  | { readonly kind: 'flush'; readonly items: readonly FlushItem[]; readonly invalidation: FlushInvalidation };

/**
 * Cuts a batch where a flush stands: what came before is applied first, then the flush, then the rest. Of several flushes
 * of the same keys only the last place and the newest version matter: it removes whatever the others would have.
 */
export function segmentsOf(items: readonly DeliveredItem[]): readonly Segment[] {
  if (!items.some(isFlush)) return [{ kind: 'items', items }];
  const flushes = new Map<string, FlushItem[]>();
  for (const item of items) if (isFlush(item)) append(flushes, sameKeys(item.invalidation), item);
  const segments: Segment[] = [];
  let others: DeliveredItem[] = [];
  for (const item of items) {
    if (!isFlush(item)) {
      others.push(item);
      continue;
    }
    const same = flushes.get(sameKeys(item.invalidation)) ?? [];
    if (same.at(-1) !== item) continue;
    if (others.length > 0) segments.push({ kind: 'items', items: others });
    others = [];
    segments.push({ kind: 'flush', items: same, invalidation: standIn(same, item) });
  }
  if (others.length > 0) segments.push({ kind: 'items', items: others });
  return segments;
}

/** Flushes with the same text here may stand in for each other. */
export function sameKeys({ rule, key, versioned, reason }: FlushInvalidation): string {
  // The flush of a gap removes more than any other: only another one can stand in for it.
  return JSON.stringify([rule, key, versioned, reason === 'gap']);
}

function isFlush(item: DeliveredItem): item is FlushItem {
  return item.kind === 'invalidation' && item.invalidation.action === 'flush';
}

/** The newest, done again as the one that waits longest for it. */
function standIn(items: readonly FlushItem[], { invalidation: first }: FlushItem): FlushInvalidation {
  return items.reduce((best, { invalidation }) => {
    const newest = invalidation.version > best.version ? invalidation : best;
    return { ...newest, againAfterMs: longerOf(best, invalidation) };
  }, first);
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}
