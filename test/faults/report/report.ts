import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Features } from '../features.ts';
import type { ScenarioResult } from '../scenario-result.ts';
import { markdownOf } from './markdown.ts';

export interface Report {
  readonly ok: boolean;
  readonly seed: number;
  readonly minutes: number;
  readonly node: string;
  readonly features: Features;
  readonly totals: Totals;
  readonly scenarios: readonly ScenarioResult[];
}

export interface Totals {
  readonly faults: number;
  readonly kills: number;
  readonly networkFaults: number;
  readonly recoveries: number;
  readonly comparedKeys: number;
  readonly staleKeys: number;
  readonly lostInvalidations: number;
  readonly problems: number;
  readonly longestUnavailabilityMs: number;
  /** Of each scenario that has any: until a change committed after the promotion (or the end of the active one) was applied. */
  readonly failovers: readonly Failovers[];
  readonly slips: { readonly plain: number; readonly again: number };
}

export interface Failovers {
  readonly scenario: string;
  readonly count: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

export function writeReport(input: {
  folder: string;
  seed: number;
  minutes: number;
  features: Features;
  results: readonly ScenarioResult[];
}): Report {
  const { folder, seed, minutes, features, results } = input;
  const totals = totalsOf(results);
  const report: Report = {
    ok: totals.problems === 0 && !isBlind(minutes, totals),
    seed,
    minutes,
    node: process.version,
    features,
    totals,
    scenarios: results,
  };
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, 'report.md'), markdownOf(report));
  return report;
}

/** So long a run with no late fill at all means that nobody looks: the same look finds what is stale. */
export function isBlind(minutes: number, { faults, slips }: Pick<Totals, 'faults' | 'slips'>): boolean {
  return minutes >= 20 && faults > 0 && slips.plain === 0;
}

function totalsOf(results: readonly ScenarioResult[]): Totals {
  const sum = (of: (result: ScenarioResult) => number): number => results.reduce((total, one) => total + of(one), 0);
  const faults = (matches: (kind: string) => boolean): number =>
    sum((result) =>
      Object.entries(result.faults).reduce((total, [kind, count]) => total + (matches(kind) ? count : 0), 0),
    );
  return {
    faults: faults(() => true),
    kills: faults((kind) => kind.startsWith('SIGKILL ') || kind.startsWith('SIGTERM ')),
    networkFaults: faults((kind) => kind.startsWith('network ')),
    recoveries: sum(({ recoveries }) => recoveries),
    comparedKeys: sum(({ compared }) => compared),
    staleKeys: sum(({ staleKeys }) => staleKeys),
    lostInvalidations: sum(({ lostInvalidations }) => lostInvalidations),
    problems: sum(({ problems }) => problems.length),
    longestUnavailabilityMs: results.reduce((longest, one) => Math.max(longest, one.longestUnavailabilityMs), 0),
    failovers: results.flatMap(failoversOf),
    slips: { plain: sum(({ slips }) => slips.plain), again: sum(({ slips }) => slips.again) },
  };
}

function failoversOf({ scenario, failoverMs }: ScenarioResult): Failovers[] {
  const sorted = [...failoverMs].sort((a, b) => a - b);
  const [medianMs, maxMs] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return medianMs === undefined || maxMs === undefined ? [] : [{ scenario, count: sorted.length, medianMs, maxMs }];
}
