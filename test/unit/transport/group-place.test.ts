import { describe, expect, it } from 'vitest';
import { placeOf, type CommittedOffset } from '../../../src/transport/group-place.ts';

const now = { low: 20, high: 100, topicId: 'new' };
const NEW_GROUP = { worked: false, before: undefined };
const committed = (offset: number, topicId: string | null = 'new'): CommittedOffset => ({ offset, topicId });

describe('the place of a group in a partition', () => {
  it('is where it has committed, from the oldest record to the end', () => {
    for (const offset of [20, 50, 100]) {
      const place = { offset, lost: null, skipped: 0, isCommitted: true };
      expect(placeOf(committed(offset), now, NEW_GROUP)).toEqual(place);
    }
  });

  it('is committed once more when the offset does not tell its topic', () => {
    const place = { offset: 50, lost: null, skipped: 0, isCommitted: false };
    expect(placeOf(committed(50, null), now, NEW_GROUP)).toEqual(place);
  });

  it('is the oldest record when those behind the offset were deleted, and tells how many', () => {
    const place = { offset: 20, lost: 'records_deleted', skipped: 8, isCommitted: false };
    expect(placeOf(committed(12), now, NEW_GROUP)).toEqual(place);
  });

  it.each([
    ['committed for another topic, though there is such an offset', committed(50, 'old')],
    ['committed for another topic, before what it has', committed(5, 'old')],
    ['beyond the end', committed(101)],
    ['beyond the end, of an unknown topic', committed(101, null)],
  ])('is the oldest record of a topic that was created anew: an offset %s', (_, offset) => {
    const place = { offset: 20, lost: 'topic_recreated', skipped: 0, isCommitted: false };
    expect(placeOf(offset, now, NEW_GROUP)).toEqual(place);
  });

  it('is the oldest record without an offset: nothing is lost for a new group only', () => {
    const place = { offset: 20, skipped: 0, isCommitted: false };
    expect(placeOf(committed(-1), now, NEW_GROUP)).toEqual({ ...place, lost: null });
    expect(placeOf(committed(-1), now, { ...NEW_GROUP, worked: true })).toEqual({ ...place, lost: 'offsets_missing' });
  });

  it('is judged by what was committed before kafkajs threw it away', () => {
    const of = (before: CommittedOffset) => placeOf(committed(-2), now, { worked: false, before });
    expect(of(committed(12))).toMatchObject({ offset: 20, lost: 'records_deleted', skipped: 8 });
    expect(of(committed(50, 'old'))).toMatchObject({ offset: 20, lost: 'topic_recreated' });
    expect(of(committed(50))).toMatchObject({ offset: 20, lost: 'topic_recreated' });
  });
});
