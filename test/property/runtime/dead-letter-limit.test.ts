import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadLetterLimit } from '../../../src/runtime/dead-letter-limit.ts';

const batches = fc.array(fc.record({ letters: fc.nat(300), applied: fc.nat(300) }), { maxLength: 120 });
type Batch = { readonly letters: number; readonly applied: number };

/** What was admitted of the batches; a refused one ends it, as the process ends. */
function admitted(
  given: readonly Batch[],
  limit: DeadLetterLimit,
): { readonly seen: readonly Batch[]; readonly refused: Batch | null } {
  const seen: Batch[] = [];
  for (const batch of given) {
    try {
      limit.judge(
        Array.from({ length: batch.letters }, () => 'x'),
        batch.applied,
      );
    } catch {
      return { seen, refused: batch };
    }
    seen.push(batch);
  }
  return { seen, refused: null };
}

/** However the letters stand among the applied: the longest run is shortest when the applied divide them evenly. */
function longestForSure({ letters, applied }: Batch): number {
  const gaps = Array.from({ length: applied + 1 }, () => 0);
  for (let letter = 0; letter < letters; letter++) gaps[letter % gaps.length] = (gaps[letter % gaps.length] ?? 0) + 1;
  return Math.max(...gaps);
}

const lettersOf = (of: readonly Batch[]): number => of.reduce((sum, { letters }) => sum + letters, 0);

/**
 * The share after every batch that brought letters. One that brought none is never judged: there would be nothing to refuse, so
 * the share may then be too great already when enough is seen.
 */
function sharesWithLetters(of: readonly Batch[]): { total: number; share: number; judged: boolean }[] {
  const shares: { total: number; share: number; judged: boolean }[] = [];
  let letters = 0;
  let total = 0;
  for (const batch of of) {
    letters += batch.letters;
    total += batch.letters + batch.applied;
    // As long as all of it is in the window the share is that of everything.
    const judged = total >= 1_000 && total <= 10_000;
    if (batch.letters > 0) shares.push({ total, share: letters / total, judged });
  }
  return shares;
}

describe('the limit of dead letters', () => {
  it('never admits a longer streak, and stops only a longer one', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 2_000 }), (given, maxStreak) => {
        const { seen, refused } = admitted(given, new DeadLetterLimit({ maxStreak, maxShare: null }));
        const last = seen.findLastIndex(({ applied }) => applied > 0);
        const allowed = last < 0 ? Math.max(1, Math.floor(maxStreak / 10)) : maxStreak;
        const streak = lettersOf(seen.slice(last + 1));
        expect(streak).toBeLessThanOrEqual(allowed);
        for (const batch of seen.filter(({ applied }) => applied > 0)) {
          expect(longestForSure(batch)).toBeLessThanOrEqual(maxStreak);
        }
        if (refused === null) return;
        if (refused.applied === 0) expect(streak + refused.letters).toBeGreaterThan(allowed);
        else expect(longestForSure(refused)).toBeGreaterThan(maxStreak);
      }),
      { numRuns: 500 },
    );
  });

  it('never admits a greater share once enough were seen, and stops only a greater one', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 100 }), (given, percent) => {
        const maxShare = percent / 100;
        const { seen, refused } = admitted(given, new DeadLetterLimit({ maxStreak: null, maxShare }));
        const sharesAt = sharesWithLetters(refused === null ? seen : [...seen, refused]);
        const refusedAt = refused === null ? [] : sharesAt.splice(-1);
        for (const { share, judged } of sharesAt) if (judged) expect(share).toBeLessThanOrEqual(maxShare);
        for (const { share, total } of refusedAt) {
          expect(total).toBeGreaterThanOrEqual(1_000);
          if (total <= 10_000) expect(share).toBeGreaterThan(maxShare);
        }
      }),
      { numRuns: 500 },
    );
  });
});
