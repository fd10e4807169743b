import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stateFolder } from '../../deploy/local/folders.ts';
import { runAll } from './run-all.ts';

/** Enough of each to notice a daemon that breaks the promise; the long run is `npm run test:faults`. */
const SHORT = ['processes', 'network', 'processes-kafka'];
const MINUTES_EACH = 0.3;

/** The seed is printed, and the evidence stays in the folder. */
async function run(name: string, seed: number): Promise<void> {
  const { ok, scenarios } = await runAll({
    minutes: MINUTES_EACH * SHORT.length,
    seed,
    only: SHORT,
    folder: join(stateFolder, `faults/${name}`),
    onProgress: (line) => console.log(line),
  });
  expect(scenarios.flatMap(({ scenario, problems }) => problems.map((problem) => ({ scenario, ...problem })))).toEqual(
    [],
  );
  expect(ok).toBe(true);
}

describe('no stale key, no lost invalidation', () => {
  it('after kills and network faults, with a seed that is always the same', () => run('short-fixed', 1), 300_000);

  it(
    'after kills and network faults, with a seed of the day',
    () => run('short-random', Date.now() % 1_000_000),
    300_000,
  );
});
