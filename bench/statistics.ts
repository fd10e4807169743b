/** Medians and spreads of runs, and the ratios of two contestants. */
import type { Comparison, Goal, Ratio, Results } from './scenario.ts';

export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function summarise(numbers: readonly number[]): Summary {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? NaN, sorted[Math.floor(half)] ?? NaN];
  return { median: (low + high) / 2, lowest: sorted[0] ?? NaN, highest: sorted.at(-1) ?? NaN };
}

/** Of each run by itself: the median of the ratios, not the ratio of the medians. Null: one of the two is missing. */
export function ratioOf(results: Results, { of, to }: Ratio): Summary | null {
  const [above, below] = [results[of], results[to]];
  if (above === undefined || below === undefined) return null;
  return summarise(above.map((value, run) => value / (below[run] ?? NaN)));
}

export function isReached({ median }: Summary, { bound, times }: Goal): boolean {
  return bound === 'at least' ? median >= times : median <= times;
}

/** The goals that a run has missed. */
export function missed(comparisons: readonly Comparison[]): { comparison: Comparison; ratio: Ratio; got: Summary }[] {
  return comparisons.flatMap((comparison) =>
    comparison.ratios.flatMap((ratio) => {
      const got = ratioOf(comparison.results, ratio);
      return got === null || ratio.goal === null || isReached(got, ratio.goal) ? [] : [{ comparison, ratio, got }];
    }),
  );
}
