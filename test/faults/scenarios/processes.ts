import { kill, pause, terminate } from '../strikes/processes.ts';
import type { Scenario } from './scenario.ts';

/** Ends of the daemons at random instants, while they start as well. */
export const processes: readonly Scenario[] = [
  {
    name: 'processes',
    mode: 'in_process',
    weight: 30,
    about: 'SIGKILL, SIGTERM and SIGSTOP of `sluice run` at random instants',
    lanes: [{ kinds: [kill('run', 8), terminate('run', 2), pause('run', 1500, 1)], pauseMs: [0, 700] }],
  },
  {
    name: 'processes-kafka',
    mode: 'kafka',
    weight: 18,
    about: 'SIGKILL, SIGTERM and SIGSTOP of capture and of two apply workers at random instants',
    lanes: [
      { kinds: [kill('capture', 8), terminate('capture', 2), pause('capture', 1500, 1)], pauseMs: [0, 1500] },
      // Now and then longer than the session time-out: the others have its partitions when it wakes up. Killed more often than that,
      // the group would wait for dead members all the time.
      { kinds: [kill('apply', 6), terminate('apply', 2), pause('apply', 9000, 1)], pauseMs: [0, 8_000] },
    ],
  },
];
