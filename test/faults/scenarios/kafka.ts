import { killBroker, killLeader, poison, rebalanceStorm, restartBroker } from '../strikes/kafka.ts';
import { kill } from '../strikes/processes.ts';
import type { Scenario } from './scenario.ts';

const expectsLetters = 'poison records become dead letters, that is what they are for';

export const kafkas: readonly Scenario[] = [
  {
    name: 'kafka',
    mode: 'kafka',
    weight: 3,
    about: 'restarts and crashes of the only broker, rebalance storms, poison records',
    expectsLetters,
    lanes: [
      { kinds: [restartBroker(), killBroker(2)], pauseMs: [4_000, 9_000] },
      { kinds: [rebalanceStorm(2), poison()], pauseMs: [300, 3_000] },
      { kinds: [kill('capture'), kill('apply')], pauseMs: [2_000, 6_000] },
    ],
  },
  {
    name: 'kafka-three',
    mode: 'kafka',
    weight: 4,
    about: 'three brokers: the leader of most partitions crashes, rebalance storms, poison records',
    expectsLetters,
    world: { brokers: 3 },
    lanes: [
      { kinds: [killLeader(3), restartBroker()], pauseMs: [3_000, 7_000] },
      { kinds: [rebalanceStorm(2), poison()], pauseMs: [300, 3_000] },
      { kinds: [kill('capture'), kill('apply')], pauseMs: [2_000, 6_000] },
    ],
  },
];
