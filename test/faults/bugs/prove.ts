/** Runs the harness against each deliberate bug: it must find every one. */
import { join } from 'node:path';
import { runAll } from '../run-all.ts';
import { takeSnapshot, type Snapshot } from '../world/snapshot.ts';
import { BUGS, putIn, type Bug } from './bugs.ts';

export interface Proof {
  readonly bug: string;
  readonly caught: boolean;
  readonly seconds: number;
  readonly by: string;
}

export interface ProveOptions {
  readonly seed: number;
  /** Longest time with the faults on, for each; it is tried in shorter rounds. */
  readonly minutes: number;
  readonly without: readonly string[];
  readonly folder: string;
  readonly onProgress: (line: string) => void;
}

const ROUND_MINUTES = 0.5;

export async function prove(options: ProveOptions, bugs: readonly Bug[] = BUGS): Promise<readonly Proof[]> {
  await control(options, [...new Set(bugs.map(({ scenario }) => scenario))]);
  const proofs: Proof[] = [];
  for (const bug of bugs) proofs.push(await proveOne(bug, options));
  for (const { bug, caught, seconds, by } of proofs) {
    options.onProgress(`${bug}: ${caught ? `caught after ${seconds} s` : `NOT caught in ${seconds} s`} ${by}`);
  }
  return proofs;
}

/** Without a bug the same run must find nothing: else what it finds with one proves nothing. */
async function control({ seed, folder, without, onProgress }: ProveOptions, only: readonly string[]): Promise<void> {
  const report = await runAll({
    minutes: ROUND_MINUTES * only.length,
    seed,
    only,
    without,
    folder: join(folder, 'control'),
    onProgress,
  });
  if (!report.ok) throw new Error('without any bug something is found already');
}

export function snapshotWith(bug: Bug): Snapshot {
  const snapshot = takeSnapshot(bug.name);
  putIn(bug, snapshot.folder);
  return snapshot;
}

async function proveOne(bug: Bug, { seed, minutes, folder, without, onProgress }: ProveOptions): Promise<Proof> {
  onProgress(`bug ${bug.name}: ${bug.about}`);
  const begunMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - begunMs) / 1000);
  for (let round = 0; round * ROUND_MINUTES < minutes; round++) {
    const report = await runAll({
      minutes: ROUND_MINUTES,
      seed: seed + round,
      without,
      only: [bug.scenario],
      folder: join(folder, bug.name),
      onProgress,
      snapshot: () => snapshotWith(bug),
    });
    const found = report.scenarios.flatMap(({ problems }) => problems);
    const [first] = found;
    if (first !== undefined) {
      return {
        bug: bug.name,
        caught: true,
        seconds: seconds(),
        by: `(${found.length} problems, first ${first.kind}: ${first.text})`,
      };
    }
  }
  return { bug: bug.name, caught: false, seconds: seconds(), by: '' };
}
