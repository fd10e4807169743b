import { network } from '../strikes/network.ts';
import { kill } from '../strikes/processes.ts';
import type { Scenario } from './scenario.ts';

const NAMES = 'cut, reset, half-open, stall, delay, slow drip and refusal';

/** The links fail independently, so two of them at once as well; a kill in between meets what they left behind. */
export const networks: readonly Scenario[] = [
  {
    name: 'network',
    mode: 'in_process',
    weight: 7,
    about: `${NAMES} of the links to MySQL and Redis`,
    lanes: [
      { kinds: [network('mysql')], pauseMs: [50, 700] },
      { kinds: [network('redis')], pauseMs: [50, 700] },
      { kinds: [kill('run')], pauseMs: [1_000, 4_000] },
    ],
  },
  {
    name: 'network-kafka',
    mode: 'kafka',
    weight: 9,
    about: `${NAMES} of the links to MySQL, Kafka and Redis`,
    lanes: [
      { kinds: [network('mysql'), network('redis')], pauseMs: [50, 900] },
      { kinds: [network('kafka')], pauseMs: [100, 1_500] },
      { kinds: [kill('capture'), kill('apply')], pauseMs: [1_000, 4_000] },
    ],
  },
];
