import type { DeleteInvalidation, Invalidation } from '../model/invalidation.ts';
import type { DeliveredItem } from '../ports.ts';

export type InvalidationItem = Extract<DeliveredItem, { kind: 'invalidation' }>;
export type UnreadableItem = Extract<DeliveredItem, { kind: 'unreadable' }>;

export interface Coalesced {
  /** One per key, in the order in which the keys first came. */
  readonly items: readonly InvalidationItem[];
  /** Those whose key a newer one in the same batch decides. */
  readonly superseded: readonly InvalidationItem[];
  readonly unreadable: readonly UnreadableItem[];
}

/**
 * Per key only the newest invalidation of a batch matters. Newest by version, not by place: after a replay of the
 * source older records stand behind newer ones, and the value of an older one must not travel under a newer version.
 * With equal versions (one row change, several rules) the later one wins, as it would if both were applied.
 */
export function coalesce(delivered: readonly DeliveredItem[]): Coalesced {
  const items: InvalidationItem[] = [];
  const superseded: InvalidationItem[] = [];
  const unreadable: UnreadableItem[] = [];
  const keys = new Set<string>();
  /** Key → its place among the items; made when the first key comes again, which mostly none does. */
  let places: Map<string, number> | null = null;
  for (const item of delivered) {
    if (item.kind === 'unreadable') {
      unreadable.push(item);
      continue;
    }
    const { key } = item.invalidation;
    // The size tells whether it is new: to ask before would look for it twice.
    if (keys.add(key).size > items.length) {
      places?.set(key, items.length);
      items.push(item);
      continue;
    }
    places ??= new Map(items.map(({ invalidation }, index) => [invalidation.key, index]));
    const place = places.get(key) ?? 0;
    const other = items[place] ?? item;
    const [winner, loser] = item.invalidation.version >= other.invalidation.version ? [item, other] : [other, item];
    items[place] = withTheCareOf(loser.invalidation, winner);
    superseded.push(loser);
  }
  return { items, superseded, unreadable };
}

/**
 * A plain delete may swallow a versioned invalidation of the same key. It must then leave its version in Redis as the
 * other would have done, or a redelivered older refresh would bring an old value back. So may a delete that is done once
 * swallow one that is done again: then it is done again, too, after the longer of their times.
 *
 * A refresh that swallows such a delete takes nothing of it: the second delete would find the refresh's newer version and
 * leave its value alone.
 */
function withTheCareOf(loser: Invalidation, winner: InvalidationItem): InvalidationItem {
  const { invalidation } = winner;
  if (invalidation.action !== 'delete') return winner;
  const versioned = invalidation.versioned || isVersioned(loser);
  const againAfterMs = loser.action === 'delete' ? longerOf(invalidation, loser) : invalidation.againAfterMs;
  if (versioned === invalidation.versioned && againAfterMs === invalidation.againAfterMs) return winner;
  return { ...winner, invalidation: { ...invalidation, versioned, againAfterMs } };
}

/** Null, for once, is shorter than any. */
export function longerOf(one: MayRepeat, other: MayRepeat): number | null {
  if (one.againAfterMs === null || other.againAfterMs === null) return one.againAfterMs ?? other.againAfterMs;
  return Math.max(one.againAfterMs, other.againAfterMs);
}

type MayRepeat = Pick<DeleteInvalidation, 'againAfterMs'>;

function isVersioned(invalidation: Invalidation): boolean {
  return invalidation.action !== 'delete' || invalidation.versioned;
}
