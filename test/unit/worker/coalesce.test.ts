import { describe, expect, it } from 'vitest';
import { coalesce } from '../../../src/worker/coalesce.ts';
import { delivered, deleteOf, epochOf, refreshOf } from '../../support/invalidations.ts';

const outcome = (...invalidations: Parameters<typeof delivered>[0][]) => {
  const { items, superseded } = coalesce(invalidations.map((invalidation) => delivered(invalidation)));
  return {
    items: items.map(({ invalidation }) => invalidation),
    superseded: superseded.map(({ invalidation }) => invalidation),
  };
};

describe('coalescing a batch', () => {
  it('keeps one invalidation per key, the newest, in the order the keys came', () => {
    const [a1, b2, a3] = [deleteOf('a', 1), deleteOf('b', 2), deleteOf('a', 3)];
    expect(outcome(a1, b2, a3)).toEqual({ items: [a3, b2], superseded: [a1] });
  });

  it('keeps the newest also when a replay put an older one behind it', () => {
    const [v3, v2] = [refreshOf('a', 3, { id: 'three' }), refreshOf('a', 2, { id: 'two' })];
    expect(outcome(v3, v2)).toEqual({ items: [v3], superseded: [v2] });
  });

  it('keeps the later one of two with the same version', () => {
    const [first, second] = [
      refreshOf('a', 3, { id: 1 }, { rule: 'one' }),
      refreshOf('a', 3, { id: 1 }, { rule: 'two' }),
    ];
    expect(outcome(first, second)).toEqual({ items: [second], superseded: [first] });
  });

  it.each([
    ['refresh before it', refreshOf('a', 1, { id: 1 }), deleteOf('a', 2)],
    ['refresh behind it', deleteOf('a', 2), refreshOf('a', 1, { id: 1 })],
    ['versioned delete', deleteOf('a', 1, { versioned: true }), deleteOf('a', 2)],
  ])('makes a plain delete versioned when it swallows a %s', (_, first, second) => {
    expect(outcome(first, second).items).toEqual([deleteOf('a', 2, { versioned: true })]);
  });

  it('keeps the newest of the epochs of a table, also when the rules differ', () => {
    const [old, one, two] = [epochOf('t', 1), epochOf('t', 2), epochOf('t', 2, { rule: 'other' })];
    expect(outcome(one, old, two)).toEqual({ items: [two], superseded: [old, one] });
  });

  it.each([
    ['once, the other again', null, 1_000, 1_000],
    ['again, the other once', 1_000, null, 1_000],
    ['sooner than the other', 1_000, 5_000, 5_000],
    ['later than the other', 5_000, 1_000, 5_000],
  ])('does a delete again after the longer time when it swallows another: %s', (_, first, second, expected) => {
    const deletes = [deleteOf('a', 1, { againAfterMs: second }), deleteOf('a', 2, { againAfterMs: first })] as const;
    expect(outcome(...deletes).items).toEqual([deleteOf('a', 2, { againAfterMs: expected })]);
    expect(outcome(deletes[1], deletes[0]).items).toEqual([deleteOf('a', 2, { againAfterMs: expected })]);
  });

  it('lets a refresh stand as it is when it swallows a delete that would be done again', () => {
    const refresh = refreshOf('a', 2, { id: 1 });
    expect(outcome(deleteOf('a', 1, { versioned: true, againAfterMs: 1_000 }), refresh).items).toEqual([refresh]);
  });

  it('does not forget the care of one swallowed before the last', () => {
    const items = outcome(refreshOf('a', 1, { id: 1 }), deleteOf('a', 2), deleteOf('a', 3)).items;
    expect(items).toEqual([deleteOf('a', 3, { versioned: true })]);
  });

  it('leaves plain deletes plain, and sets aside what cannot be read', () => {
    const unreadable = { kind: 'unreadable', raw: '{', reason: 'not JSON', place: 'topic/0@7' } as const;
    const { items, unreadable: aside } = coalesce([
      delivered(deleteOf('a', 1)),
      unreadable,
      delivered(deleteOf('a', 2)),
    ]);
    expect(items.map(({ invalidation }) => invalidation)).toEqual([deleteOf('a', 2)]);
    expect(aside).toEqual([unreadable]);
  });
});
