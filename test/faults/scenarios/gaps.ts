import { gap, resetWhileReading } from '../strikes/gaps.ts';
import { kill } from '../strikes/processes.ts';
import type { Scenario } from './scenario.ts';

export const gaps: readonly Scenario[] = [
  {
    name: 'gaps',
    mode: 'in_process',
    weight: 3,
    about: 'binlogs purged, RESET, another server UUID, a checkpoint that is damaged or gone, with `on_gap: flush`',
    mayMissRefreshed: 'the flush after a gap takes all that the rules own away, refreshed keys too',
    // RESET forgets what is prepared, and a prepared transaction would be lost with its binlog.
    load: { xa: false },
    lanes: [{ kinds: [gap(4), resetWhileReading(), kill('run')], pauseMs: [1_000, 4_000] }],
  },
];
