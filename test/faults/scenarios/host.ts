import { fileURLToPath } from 'node:url';
import { ddl } from '../strikes/ddl.ts';
import { host } from '../strikes/host.ts';
import { kill, terminate } from '../strikes/processes.ts';
import type { Scenario } from './scenario.ts';

const JUMPING_CLOCK = fileURLToPath(new URL('../world/jumping-clock.js', import.meta.url));

export const hosts: readonly Scenario[] = [
  {
    name: 'host',
    mode: 'in_process',
    weight: 2,
    about: 'the disk under the checkpoint is full, its folder is gone, no file may be opened',
    // An audit trail that cannot be written ends the daemon: that is another promise.
    world: { config: { audit: undefined } },
    lanes: [{ kinds: [host(4), kill('run')], pauseMs: [300, 2_000] }],
  },
  {
    name: 'clock',
    mode: 'in_process',
    weight: 2,
    about:
      'the wall clock of the daemon jumps, up to an hour to both sides, every second; kills and flushes in between',
    mayMissRefreshed:
      'a flush after a table change takes refreshed keys away, and only the next change brings them back',
    world: { nodeArgs: ['--import', JUMPING_CLOCK] },
    lanes: [
      { kinds: [ddl()], pauseMs: [500, 3_000] },
      { kinds: [kill('run'), terminate('run')], pauseMs: [500, 3_000] },
    ],
  },
];
