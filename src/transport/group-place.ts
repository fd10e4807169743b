import type { LossReason } from '../model/gap.ts';

/** The offset of a group that has committed none. */
const NONE = -1;

/** What a group has committed for a partition. */
export interface CommittedOffset {
  /** Below 0: nothing. */
  readonly offset: number;
  /** Id of the topic that it was committed for; null: not known. */
  readonly topicId: string | null;
}

/** A partition as the broker has it now. */
export interface PartitionNow {
  /** The oldest record, and the end. */
  readonly low: number;
  readonly high: number;
  readonly topicId: string | null;
}

/** Where reading a partition begins. */
export interface GroupPlace {
  readonly offset: number;
  /** Why records before it may be lost; null: none are. */
  readonly lost: LossReason | null;
  /** How many are known to be. */
  readonly skipped: number;
  /** The group has committed this very place, for this very topic. */
  readonly isCommitted: boolean;
}

/**
 *   committed, in the range of the partition      there, if the topic is the same (or nobody knows)
 *   committed, but the records behind it are gone  from the oldest on: lost
 *   committed for another topic, or beyond the end from the oldest on: lost
 *   nothing committed, and the group has worked    from the oldest on: lost (Kafka deletes offsets with their topic)
 *   nothing committed by a group that is new       from the oldest on
 *
 * `before` is what the group had committed when it was last looked at: kafkajs throws away an offset that is out of range, and commits
 * the name of "the oldest" (-2) in its place. Whoever finds that knows that there was one.
 */
export function placeOf(
  committed: CommittedOffset,
  now: PartitionNow,
  { worked, before }: { readonly worked: boolean; readonly before: CommittedOffset | undefined },
): GroupPlace {
  const known = committed.offset < 0 && before !== undefined ? before : committed;
  const oldest = { offset: now.low, skipped: 0, isCommitted: false };
  if (known.offset < 0) return { ...oldest, lost: worked || known.offset < NONE ? 'offsets_missing' : null };
  if (isAnother(known.topicId, now.topicId) || known.offset > now.high) return { ...oldest, lost: 'topic_recreated' };
  if (known.offset < now.low) return { ...oldest, lost: 'records_deleted', skipped: now.low - known.offset };
  // Thrown away although it is in the range: for what stood there before.
  if (known !== committed) return { ...oldest, lost: 'topic_recreated' };
  return { offset: known.offset, lost: null, skipped: 0, isCommitted: known.topicId === now.topicId };
}

/** Only of two ids that are known anything can be said. */
export function isAnother(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}
