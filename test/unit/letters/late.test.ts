import { describe, expect, it } from 'vitest';
import { afterTheFact } from '../../../src/letters/late.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import {
  deleteOf,
  epochOf,
  flushOf,
  ORIGIN,
  planOf,
  plansOf,
  refreshOf,
  TRUNCATE,
} from '../../support/invalidations.ts';

const DAY_MS = 86_400_000;
const query = planOf({ rule: 'total', from: { kind: 'query', sql: 'SELECT 1', parameters: [] } });
const options = { plans: plansOf(planOf(), query), versionTtlMs: 8 * DAY_MS };
/** So long after the commit. */
const replayed = (afterMs: number, ...invalidations: Invalidation[]): readonly Invalidation[] | string =>
  afterTheFact(invalidations, { ...options, nowMs: ORIGIN.commitTimeMs + afterMs });
/** Beside a daemon, whose flushes it would pass by. */
const replayedInProcess = (...invalidations: Invalidation[]): readonly Invalidation[] | string =>
  afterTheFact(invalidations, { plans: null, nowMs: ORIGIN.commitTimeMs, versionTtlMs: DAY_MS });
const block = (key: string, version: number, rule: string): Invalidation =>
  deleteOf(key, version, { rule, versioned: true });

describe('what a dead letter may still do', () => {
  it.each([0, 9 * DAY_MS])('is never to store the row of then, %i ms later: the key is deleted', (afterMs) => {
    expect(replayed(afterMs, refreshOf('card:1', 7, { id: 1 }))).toEqual([block('card:1', 7, 'card')]);
    // An `empty` marker is of then, too.
    expect(replayed(afterMs, refreshOf('card:2', 8, null))).toEqual([block('card:2', 8, 'card')]);
  });

  it('is the same where the rules no longer say what the refresh stored', () => {
    const refresh = refreshOf('old:1', 7, { id: 1 }, { rule: 'gone' });
    expect(replayed(0, refresh)).toEqual([block('old:1', 7, 'gone')]);
  });

  it('is to store what a query reads today, and to take away anything', () => {
    const safe = [
      refreshOf('total:1', 7, { id: 1 }, { rule: 'total' }),
      deleteOf('product:1', 8),
      flushOf('card:*', 9),
    ];
    expect(replayed(9 * DAY_MS, ...safe)).toEqual(safe);
  });

  it('is to store nothing at all where no flush waits for it', () => {
    const [del, flush] = [deleteOf('product:1', 8), flushOf('card:*', 9)];
    expect(replayedInProcess(refreshOf('total:1', 7, { id: 1 }, { rule: 'total' }), del, flush)).toEqual([
      block('total:1', 7, 'total'),
      del,
      flush,
    ]);
  });

  it('is to raise an epoch only while a newer one is certain to be known', () => {
    const epoch = epochOf('shop.products', 7, { origin: TRUNCATE });
    expect(replayed(8 * DAY_MS, epoch)).toEqual([epoch]);
    expect(replayed(8 * DAY_MS + 1, deleteOf('product:1', 7), epoch)).toMatch(/^the epoch is older than/);
  });
});
