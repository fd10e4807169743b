import {
  addPartition,
  freezeBroker,
  killBroker,
  killLeader,
  poison,
  rebalanceStorm,
  recreateTopic,
  restartBroker,
} from '../strikes/kafka.ts';
import { kill } from '../strikes/processes.ts';
import type { Expects } from '../world/exits.ts';
import type { Scenario } from './scenario.ts';

const expectsLetters = 'poison records become dead letters, that is what they are for';

/** A start that meets the topic in between: gone, or with other partitions than the configuration has. */
const topicChanges: Expects = ({ code }, log) =>
  code === 2 && /has \d+ partitions, not \d+|cannot be (created|examined)|does not host this topic/.test(log);

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
    about: 'three brokers: the leader of most partitions crashes, one freezes, rebalance storms, poison records',
    expectsLetters,
    world: { brokers: 3 },
    lanes: [
      { kinds: [killLeader(3), restartBroker(), freezeBroker(2)], pauseMs: [3_000, 7_000] },
      { kinds: [rebalanceStorm(2), poison()], pauseMs: [300, 3_000] },
      { kinds: [kill('capture'), kill('apply')], pauseMs: [2_000, 6_000] },
    ],
  },
  {
    name: 'kafka-topic',
    mode: 'kafka',
    weight: 2,
    about: 'the topic is deleted and created again, partitions are added, daemons are killed meanwhile',
    expectsLetters,
    mayMissRefreshed: 'where records may be lost all that the rules own is flushed, refreshed keys too',
    world: { expects: topicChanges },
    lanes: [
      { kinds: [recreateTopic(3), addPartition()], pauseMs: [5_000, 12_000] },
      { kinds: [kill('capture'), kill('apply'), rebalanceStorm(), poison()], pauseMs: [3_000, 8_000] },
    ],
  },
];
