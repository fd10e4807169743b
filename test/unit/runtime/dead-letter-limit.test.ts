import { describe, expect, it } from 'vitest';
import { DeadLetterLimit } from '../../../src/runtime/dead-letter-limit.ts';

const reasons = (count: number, reason = 'READ_REFUSED: no table'): string[] =>
  Array.from({ length: count }, () => reason);
const LIMIT = { code: 'DEAD_LETTERS_LIMIT' };
const refused = (work: () => void): string => {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject(LIMIT);
    return (error as Error).message;
  }
  throw new Error('it was not refused');
};

describe('the limit of dead letters', () => {
  it('lets a streak through up to its length and refuses what would make it longer', () => {
    const limit = new DeadLetterLimit({ maxStreak: 100, maxShare: null });
    limit.judge([], 1);
    limit.judge(reasons(60), 0);
    limit.judge(reasons(40), 0);
    expect(refused(() => limit.judge(reasons(1), 0))).toContain(
      '101 invalidations would be dead letters one after another',
    );
  });

  it('begins to count anew when anything was applied', () => {
    const limit = new DeadLetterLimit({ maxStreak: 100, maxShare: null });
    limit.judge([], 1);
    for (let round = 0; round < 10; round++) {
      limit.judge(reasons(100), 0);
      limit.judge([], 1);
    }
    limit.judge(reasons(200), 1);
    limit.judge(reasons(100), 0);
    refused(() => limit.judge(reasons(1), 0));
  });

  it('counts what must stand one after another in a batch of which something was applied', () => {
    const limit = new DeadLetterLimit({ maxStreak: 100, maxShare: null });
    limit.judge(reasons(200), 1);
    expect(refused(() => limit.judge(reasons(201), 1))).toContain('101 invalidations would be dead letters one after');
    limit.judge(reasons(300), 2);
  });

  it('allows a tenth of the streak until something was applied after a start', () => {
    const limit = new DeadLetterLimit({ maxStreak: 100, maxShare: null });
    limit.judge(reasons(10), 0);
    expect(refused(() => limit.judge(reasons(1), 0))).toContain('a tenth of dead_letters.max_streak');
    limit.judge([], 1);
    limit.judge(reasons(100), 0);
  });

  it('allows one letter after a start, however short the streak', () => {
    const limit = new DeadLetterLimit({ maxStreak: 1, maxShare: null });
    limit.judge(reasons(1), 0);
    refused(() => limit.judge(reasons(1), 0));
  });

  it('refuses a share that is too large, but not before enough were seen', () => {
    const limit = new DeadLetterLimit({ maxStreak: null, maxShare: 0.1 });
    limit.judge(reasons(500), 499);
    expect(refused(() => limit.judge(reasons(1), 0))).toContain('501 of the last 1000 invalidations');
  });

  it('allows exactly the share', () => {
    const limit = new DeadLetterLimit({ maxStreak: null, maxShare: 0.1 });
    limit.judge(reasons(100), 900);
    refused(() => limit.judge(reasons(1), 0));
    limit.judge(reasons(1), 9);
  });

  it('forgets the letters of long ago', () => {
    const limit = new DeadLetterLimit({ maxStreak: null, maxShare: 0.1 });
    limit.judge(reasons(900), 0);
    limit.judge([], 9_100);
    limit.judge([], 10_000);
    limit.judge(reasons(1_000), 0);
    refused(() => limit.judge(reasons(200), 0));
  });

  it('judges the same batch the same way again: what was refused was not seen', () => {
    const limit = new DeadLetterLimit({ maxStreak: 10, maxShare: 0.1 });
    for (let attempt = 0; attempt < 3; attempt++) refused(() => limit.judge(reasons(20), 0));
    limit.judge(reasons(1), 0);
  });

  it('names the most frequent reasons, those that were kept too', () => {
    const limit = new DeadLetterLimit({ maxStreak: 10, maxShare: null });
    limit.judge([], 1);
    limit.judge(reasons(6, 'a'), 0);
    expect(refused(() => limit.judge([...reasons(3, 'b'), 'c', 'd', 'e'], 0))).toMatch(
      /newest reasons: 6 × a; 3 × b; 1 × c; and 2 others$/,
    );
  });

  it('can be switched off', () => {
    const limit = new DeadLetterLimit({ maxStreak: null, maxShare: null });
    for (let round = 0; round < 100; round++) limit.judge(reasons(1_000), 0);
  });
});
