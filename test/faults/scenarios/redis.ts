import { clusterIsWhole, freezeNode, killNode, reshard } from '../strikes/cluster.ts';
import { kill } from '../strikes/processes.ts';
import { redisFault, redisIsBack } from '../strikes/redis.ts';
import { killMaster } from '../strikes/sentinel.ts';
import type { Scenario } from './scenario.ts';

const about =
  'restart, crash and freeze of Redis, READONLY, OOM, CLIENT PAUSE and KILL, SCRIPT FLUSH, keys of a wrong type';
const faults = {
  lanes: [
    { kinds: [redisFault()], pauseMs: [200, 2_000] },
    { kinds: [kill('')], pauseMs: [1_500, 5_000] },
  ],
  heal: redisIsBack,
  mayMissRefreshed:
    'a Redis that has another history than before may have forgotten invalidations: those of the last moments are done again, as deletes',
} as const;

const mayMissRefreshed = faults.mayMissRefreshed;

const aroundACluster = [
  { kinds: [freezeNode()], pauseMs: [2_000, 6_000] },
  { kinds: [kill('run')], pauseMs: [1_500, 5_000] },
] as const;

export const redises: readonly Scenario[] = [
  { name: 'redis', mode: 'in_process', weight: 3, about, ...faults },
  { name: 'redis-kafka', mode: 'kafka', weight: 2, about: `${about}, with Kafka`, ...faults },
  {
    name: 'redis-sentinel',
    mode: 'in_process',
    weight: 3,
    about: 'the master behind sentinels dies, and a replica that may lack the last deletes takes its place',
    mayMissRefreshed,
    mayShowOlder:
      'Redis replicates behind the answer: the promoted replica may lack what readers have seen on the master that died',
    world: { redis: 'sentinel' },
    lanes: [
      { kinds: [killMaster()], pauseMs: [3_000, 6_000] },
      { kinds: [kill('run')], pauseMs: [2_000, 6_000] },
    ],
  },
  {
    name: 'redis-cluster',
    mode: 'in_process',
    weight: 2,
    about: 'a cluster of three: slots move with their keys while everybody reads and writes them, nodes freeze',
    world: { redis: 'cluster' },
    lanes: [{ kinds: [reshard()], pauseMs: [100, 1_500] }, ...aroundACluster],
    heal: clusterIsWhole,
  },
  {
    name: 'redis-cluster-crash',
    mode: 'in_process',
    weight: 2,
    about: 'the same, and nodes crash, whose slots nobody else serves',
    mayMissRefreshed,
    world: { redis: 'cluster' },
    // In one lane: a node that dies in the middle of a move leaves its keys on both sides, and which of them is newer nobody knows.
    lanes: [{ kinds: [reshard(), killNode()], pauseMs: [100, 2_000] }, ...aroundACluster],
    heal: clusterIsWhole,
  },
];
