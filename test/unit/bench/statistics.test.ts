import { describe, expect, it, vi } from 'vitest';
import { inTurns, numberText } from '../../../bench/in-turns.ts';
import { percentiles } from '../../../bench/percentiles.ts';
import { atLeast, atMost, type Comparison, type Goal } from '../../../bench/scenario.ts';
import { isReached, missed, ratioOf, summarise } from '../../../bench/statistics.ts';

describe('the summary of some runs', () => {
  it('is the middle one, or the mean of the two in the middle, and both ends', () => {
    expect(summarise([30, 10, 20])).toEqual({ median: 20, lowest: 10, highest: 30 });
    expect(summarise([40, 10, 20, 30])).toEqual({ median: 25, lowest: 10, highest: 40 });
    expect(summarise([7])).toEqual({ median: 7, lowest: 7, highest: 7 });
    // As numbers, not as text.
    expect(summarise([100, 9, 20]).median).toBe(20);
  });

  it('of none is no number', () => {
    expect(summarise([])).toEqual({ median: NaN, lowest: NaN, highest: NaN });
  });

  it('leaves what it was given as it is', () => {
    const numbers = [3, 1, 2];
    summarise(numbers);
    expect(numbers).toEqual([3, 1, 2]);
  });
});

describe('a ratio', () => {
  it('is made run by run: a slow minute that hits both sides changes nothing', () => {
    const results = { ours: [100, 10, 200], theirs: [50, 5, 20] };
    expect(ratioOf(results, { of: 'ours', to: 'theirs', goal: null })).toEqual({ median: 2, lowest: 2, highest: 10 });
    // The medians would say 100 / 20 = 5.
  });

  it('with one side missing is none', () => {
    expect(ratioOf({ ours: [1] }, { of: 'ours', to: 'theirs', goal: null })).toBeNull();
    expect(ratioOf({ theirs: [1] }, { of: 'ours', to: 'theirs', goal: null })).toBeNull();
  });

  it.each([
    [atLeast(2), 2, true],
    [atLeast(2), 1.99, false],
    [atMost(2), 2, true],
    [atMost(2), 2.01, false],
  ])('of %j is reached by its median %d: %s', (goal: Goal, median, reached) => {
    expect(isReached({ median, lowest: 0, highest: 100 }, goal)).toBe(reached);
  });

  it('that was never measured is no goal reached', () => {
    expect(isReached(summarise([]), atLeast(1))).toBe(false);
    expect(isReached(summarise([]), atMost(1))).toBe(false);
  });

  it('is missed when it has a goal and was measured', () => {
    const ratio = (to: string, goal: Goal | null) => ({ of: 'ours', to, goal });
    const ratios = [ratio('slow', atLeast(2)), ratio('fast', atLeast(2)), ratio('fast', null), ratio('absent', atLeast(2))]; // prettier-ignore
    const comparison: Comparison = { what: 'w', unit: 'u', results: { ours: [10], slow: [1], fast: [10] }, ratios };
    expect(missed([comparison]).map((each) => [each.ratio.to, each.got.median])).toEqual([['fast', 1]]);
  });
});

it('contestants take turns, so that none has the quiet minutes for itself', async () => {
  const order: string[] = [];
  const contestant = (name: string) => (run: number) => {
    order.push(`${name}${run}`);
    return Promise.resolve({ rate: run * 10, memory: run });
  };
  const progress = vi.fn();
  const results = await inTurns({ runs: 3, progress }, 'work', { ours: contestant('o'), theirs: contestant('t') });
  expect(order).toEqual(['o1', 't1', 'o2', 't2', 'o3', 't3']);
  expect(results).toEqual({
    rate: { ours: [10, 20, 30], theirs: [10, 20, 30] },
    memory: { ours: [1, 2, 3], theirs: [1, 2, 3] },
  });
  expect(progress).toHaveBeenCalledTimes(6);
  expect(progress).toHaveBeenLastCalledWith('work: run 3 of 3: theirs: rate 30.0, memory 3.00');
});

it.each([[1_234_567.8, '1,234,568'], [123.4, '123'], [12.34, '12.3'], [1.234, '1.23'], [0, '0.00'], [-250, '-250']])('%d is shown as %s', (value, text) => {
  expect(numberText(value)).toBe(text);
}); // prettier-ignore

describe('percentiles', () => {
  it('are values that were measured', () => {
    const values = Array.from({ length: 1000 }, (_, index) => 1000 - index);
    expect(percentiles(values)).toEqual({ p50Ms: 501, p99Ms: 991, maxMs: 1000 });
    expect(percentiles([3, 1, 2])).toEqual({ p50Ms: 2, p99Ms: 3, maxMs: 3 });
    expect(percentiles([5])).toEqual({ p50Ms: 5, p99Ms: 5, maxMs: 5 });
  });
});
