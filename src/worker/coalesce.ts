import type { Invalidation } from '../model/invalidation.ts';
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
  const newest = new Map<string, InvalidationItem>();
  const superseded: InvalidationItem[] = [];
  const unreadable: UnreadableItem[] = [];
  for (const item of delivered) {
    if (item.kind === 'unreadable') {
      unreadable.push(item);
      continue;
    }
    const { key } = item.invalidation;
    const other = newest.get(key);
    if (other === undefined) {
      newest.set(key, item);
      continue;
    }
    const [winner, loser] = item.invalidation.version >= other.invalidation.version ? [item, other] : [other, item];
    newest.set(key, withTheCareOf(loser.invalidation, winner));
    superseded.push(loser);
  }
  return { items: [...newest.values()], superseded, unreadable };
}

/**
 * A plain delete may swallow a versioned invalidation of the same key. It must then leave its version in Redis as the
 * other would have done, or a redelivered older refresh would bring an old value back.
 */
function withTheCareOf(loser: Invalidation, winner: InvalidationItem): InvalidationItem {
  const { invalidation } = winner;
  if (invalidation.action !== 'delete' || invalidation.versioned || !isVersioned(loser)) return winner;
  return { ...winner, invalidation: { ...invalidation, versioned: true } };
}

function isVersioned(invalidation: Invalidation): boolean {
  return invalidation.action !== 'delete' || invalidation.versioned;
}
