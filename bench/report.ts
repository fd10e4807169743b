/** The results of a run for a terminal. */
import { numberText } from './in-turns.ts';
import type { Comparison, Ratio } from './scenario.ts';
import { isReached, ratioOf, summarise, type Summary } from './statistics.ts';

export function printComparison(comparison: Comparison, print: (line: string) => void): void {
  const { what, unit, results, ratios, notes = [] } = comparison;
  print(`\n${what}, ${unit}: median (lowest … highest)`);
  for (const [who, numbers] of Object.entries(results)) print(`  ${who.padEnd(28)} ${summaryText(summarise(numbers))}`);
  for (const ratio of ratios) print(`  ${ratioLine(comparison, ratio)}`);
  for (const note of notes) print(`  note: ${note}`);
}

export function summaryText({ median, lowest, highest }: Summary): string {
  return `${numberText(median)} (${numberText(lowest)} … ${numberText(highest)})`;
}

/** With its goal, and whether it is reached. */
export function ratioLine({ results }: Comparison, ratio: Ratio): string {
  const got = ratioOf(results, ratio);
  const { of, to, goal } = ratio;
  if (got === null) return `${of} / ${to}: not measured`;
  const verdict = goal === null ? '' : `; goal ${goal.bound} ${numberText(goal.times)}: ${isReached(got, goal) ? 'reached' : 'MISSED'}`; // prettier-ignore
  return `${of} / ${to}: ${summaryText(got)}${verdict}`;
}
