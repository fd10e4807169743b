/** What one scenario came to. */
import type { Journal } from './journal.ts';
import type { Verdict } from './oracle/judge.ts';
import type { Scenario } from './scenarios/scenario.ts';

export interface ScenarioResult extends Verdict {
  readonly scenario: string;
  readonly mode: string;
  readonly about: string;
  readonly seconds: number;
  readonly setupSeconds: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly recoveries: number;
  readonly longestUnavailabilityMs: number;
  /** Transactions a second, over the whole time, fail-overs included; null: nobody asked for a pace. */
  readonly pace: { readonly wanted: number; readonly reached: number } | null;
  /** From a moment of interest (a promotion, the end of the active one) until a change committed after it was applied, ms. */
  readonly failoverMs: readonly number[];
  /** What this scenario does not count as a problem, and why. */
  readonly excuses: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** What is left of a scenario that could not be played to its end. */
export function nothing(journal: Journal, scenario: Scenario): ScenarioResult {
  return {
    compared: 0,
    staleKeys: 0,
    lostInvalidations: 0,
    slips: { plain: 0, again: 0 },
    problems: journal.problems,
    scenario: scenario.name,
    mode: scenario.mode,
    about: scenario.about,
    seconds: 0,
    setupSeconds: 0,
    faults: countsOf(journal, 'fault '),
    recoveries: 0,
    longestUnavailabilityMs: 0,
    pace: null,
    failoverMs: [],
    excuses: [],
    counts: countsOf(journal, ''),
  };
}

export function countsOf({ counts }: Journal, prefix: string): Record<string, number> {
  const chosen = [...counts].filter(
    ([name]) => name.startsWith(prefix) && (prefix !== '' || !name.startsWith('fault ')),
  );
  return Object.fromEntries(chosen.map(([name, count]) => [name.slice(prefix.length), count]));
}
