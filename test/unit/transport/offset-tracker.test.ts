import { describe, expect, it } from 'vitest';
import { OffsetTracker } from '../../../src/transport/offset-tracker.ts';

const COMMITTED = { isCommitted: true };

function trackerOf(...partitions: number[]): OffsetTracker {
  const tracker = new OffsetTracker();
  tracker.assign(partitions);
  return tracker;
}

describe('the offset tracker', () => {
  it('offers for commit only what is finished and not committed yet', () => {
    const tracker = trackerOf(0, 1);
    tracker.start({ partition: 0, offset: 10 }, COMMITTED);
    tracker.delivered(0, 10, 30);
    expect(tracker.uncommitted()).toEqual([]);
    tracker.finished(tracker.read(0, 20));
    expect(tracker.uncommitted()).toEqual([{ partition: 0, offset: 20 }]);
    tracker.committed({ partition: 0, offset: 20 });
    expect(tracker.uncommitted()).toEqual([]);
  });

  it('offers nothing behind the oldest batch that is not finished, in whatever order the others finish', () => {
    const tracker = trackerOf(0);
    tracker.start({ partition: 0, offset: 0 }, COMMITTED);
    tracker.delivered(0, 0, 40);
    const [first, second, third, fourth] = [10, 20, 30, 40].map((next) => tracker.read(0, next));
    if (!first || !second || !third || !fourth) throw new Error('four were read');
    tracker.finished(third);
    tracker.finished(second);
    expect(tracker.uncommitted()).toEqual([]);
    expect(tracker.lag(0)).toBe(40);
    tracker.finished(first);
    expect(tracker.uncommitted()).toEqual([{ partition: 0, offset: 30 }]);
    expect(tracker.lag(0)).toBe(10);
    tracker.finished(fourth);
    expect(tracker.uncommitted()).toEqual([{ partition: 0, offset: 40 }]);
  });

  it('takes no time for a long row of finished batches behind one that is not', () => {
    const tracker = trackerOf(0);
    const oldest = tracker.read(0, 1);
    for (let next = 2; next <= 100_000; next++) tracker.finished(tracker.read(0, next));
    expect(tracker.uncommitted()).toEqual([]);
    tracker.finished(oldest);
    expect(tracker.uncommitted()).toEqual([{ partition: 0, offset: 100_000 }]);
  });

  it('knows a batch of an earlier assignment no more', () => {
    const tracker = trackerOf(0);
    const old = tracker.read(0, 10);
    tracker.assign([0]);
    tracker.start({ partition: 0, offset: 0 }, COMMITTED);
    tracker.finished(old);
    expect(tracker.uncommitted()).toEqual([]);
  });

  it('expects the next batch where reading went on, not where it is finished', () => {
    const tracker = trackerOf(0);
    tracker.start({ partition: 0, offset: 0 }, COMMITTED);
    tracker.delivered(0, 0, 20);
    tracker.read(0, 10);
    expect(tracker.delivered(0, 10, 20)).toBeUndefined();
    expect(tracker.uncommitted()).toEqual([]);
  });

  it('notices records that were deleted before they were read, and a partition that began anew', () => {
    const tracker = trackerOf(0);
    tracker.start({ partition: 0, offset: 10 }, COMMITTED);
    expect(tracker.delivered(0, 10, 100)).toBeUndefined();
    tracker.finished(tracker.read(0, 20));
    expect(tracker.delivered(0, 50, 100)).toEqual({ expected: 20, found: 50 });
    tracker.finished(tracker.read(0, 60));
    expect(tracker.delivered(0, 0, 5)).toEqual({ expected: 60, found: 0 });
  });

  it('expects nothing before it is known where reading begins', () => {
    expect(trackerOf(0).delivered(0, 50, 100)).toBeUndefined();
  });

  it('offers the place where a new group begins, though nothing was read', () => {
    const tracker = trackerOf(0, 1);
    tracker.start({ partition: 0, offset: 0 }, { isCommitted: false });
    tracker.start({ partition: 1, offset: 7 }, COMMITTED);
    expect(tracker.uncommitted()).toEqual([{ partition: 0, offset: 0 }]);
  });

  it('offers nothing behind records that are lost before they are made good for', () => {
    const tracker = trackerOf(0);
    const lost = tracker.startBehindLoss({ partition: 0, offset: 25 });
    expect(tracker.delivered(0, 25, 100)).toBeUndefined();
    tracker.finished(tracker.read(0, 40));
    expect(tracker.uncommitted()).toEqual([]);
    tracker.finished(lost);
    expect(tracker.uncommitted()).toEqual([{ partition: 0, offset: 40 }]);
  });

  it('knows where reading goes on, where that is known', () => {
    const tracker = trackerOf(0, 1);
    tracker.start({ partition: 0, offset: 10 }, COMMITTED);
    tracker.read(0, 30);
    expect(tracker.nexts()).toEqual(new Map([[0, 30]]));
  });

  it('forgets everything with a new assignment', () => {
    const tracker = trackerOf(0, 1);
    tracker.finished(tracker.read(0, 20));
    tracker.assign([1]);
    tracker.finished(tracker.read(0, 30));
    expect(tracker.uncommitted()).toEqual([]);
    expect(tracker.partitions).toEqual([1]);
    expect(tracker.delivered(0, 7, 9)).toBeUndefined();
  });

  it('counts the lag from what is finished, or from the oldest record of a new group', () => {
    const tracker = trackerOf(0);
    tracker.ends(0, 40, 100);
    expect(tracker.lag(0)).toBe(60);
    tracker.delivered(0, 40, 100);
    tracker.finished(tracker.read(0, 90));
    expect(tracker.lag(0)).toBe(10);
    tracker.ends(0, 40, 120);
    expect(tracker.lag(0)).toBe(30);
    expect(tracker.lag(5)).toBe(0);
  });
});
