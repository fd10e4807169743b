import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stateFolder } from '../../deploy/local/folders.ts';
import { runAll } from './run-all.ts';

/** Enough of each to notice a daemon that breaks the promise; the long run is `npm run test:faults`. */
const SHORT = ['processes', 'network', 'processes-kafka'];
const MINUTES_EACH = 0.3;

/** The seed is always the same, the timing never is. The evidence stays in the folder. */
it('after kills and network faults no key is stale and no invalidation lost', { timeout: 300_000 }, async () => {
  const { ok, scenarios } = await runAll({
    minutes: MINUTES_EACH * SHORT.length,
    seed: 1,
    only: SHORT,
    folder: join(stateFolder, 'faults/short'),
    onProgress: (line) => console.log(line),
  });
  expect(scenarios.flatMap(({ scenario, problems }) => problems.map((problem) => ({ scenario, ...problem })))).toEqual(
    [],
  );
  expect(ok).toBe(true);
});
