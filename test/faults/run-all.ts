/** All scenarios one after another, and the report of them. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { featuresOf } from './features.ts';
import { Random } from './random.ts';
import { writeReport, type Report } from './report/report.ts';
import { runScenario } from './run-scenario.ts';
import type { ScenarioResult } from './scenario-result.ts';
import { SCENARIOS } from './scenarios/all.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { takeSnapshot, type Snapshot } from './world/snapshot.ts';

export interface RunOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly only: readonly string[] | null;
  /** Abilities that are not asked for: `xa`, `again`. */
  readonly without?: readonly string[];
  readonly folder: string;
  readonly onProgress: (line: string) => void;
  /** Makes the daemon under test; default: a copy of the build. */
  readonly snapshot?: () => Snapshot;
}

const AGAIN_AFTER_MS = 500;

export async function runAll(options: RunOptions): Promise<Report> {
  const { seed, folder, onProgress } = options;
  const chosen = SCENARIOS.filter(({ name }) => options.only === null || options.only.includes(name));
  if (chosen.length === 0)
    throw new Error(`there is no such scenario; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const snapshot = (options.snapshot ?? (() => takeSnapshot('run')))();
  const features = featuresOf(snapshot.folder, options.without);
  const results: ScenarioResult[] = [];
  onProgress(
    `seed ${seed}, ${options.minutes} minutes, ${chosen.length} scenarios, again_after ${features.againAfter}, XA ${features.xa}`,
  );
  try {
    for (const scenario of chosen) {
      const result = await runScenario({
        scenario,
        main: snapshot.main,
        random: new Random(seed).branch(scenario.name),
        durationMs: shareOf(scenario, chosen) * options.minutes * 60_000,
        folder: join(folder, scenario.name),
        againAfterMs: features.againAfter ? AGAIN_AFTER_MS : null,
        features,
        onProgress,
      });
      results.push(result);
      onProgress(lineOf(result));
    }
  } finally {
    snapshot.remove();
  }
  return writeReport({ folder, seed, minutes: options.minutes, features, results });
}

function shareOf(scenario: Scenario, chosen: readonly Scenario[]): number {
  return scenario.weight / chosen.reduce((sum, { weight }) => sum + weight, 0);
}

function lineOf(result: ScenarioResult): string {
  const { scenario, problems, staleKeys, lostInvalidations, compared, faults, slips } = result;
  const verdict = problems.length === 0 ? 'ok' : `FAILED (${problems.length} problems)`;
  const count = Object.values(faults).reduce((sum, n) => sum + n, 0);
  const first = problems.slice(0, 5).map(({ kind, text }) => `\n    ${kind}: ${text}`);
  return `${scenario}: ${verdict}: ${count} faults, ${compared} keys compared, ${staleKeys} stale, ${lostInvalidations} lost, longest unavailability ${result.longestUnavailabilityMs} ms, slips plain ${slips.plain} again ${slips.again}${first.join('')}`;
}
