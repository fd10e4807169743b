import { ddl } from '../strikes/ddl.ts';
import { addReplica, failover } from '../strikes/failover.ts';
import {
  crashMysql,
  freezeMysql,
  killDump,
  restartMysql,
  rotate,
  sameServerId,
  serverIsBack,
  taggedGtids,
} from '../strikes/mysql.ts';
import { kill } from '../strikes/processes.ts';
import type { Scenario } from './scenario.ts';

const crashes = {
  lanes: [
    { kinds: [crashMysql(3), restartMysql(1), freezeMysql(1)], pauseMs: [1_500, 4_000] },
    { kinds: [killDump(2), rotate(2), sameServerId(1), taggedGtids(1)], pauseMs: [100, 1_200] },
    { kinds: [kill('')], pauseMs: [1_500, 5_000] },
  ],
  heal: serverIsBack,
} as const;
const noTags = {
  lanes: [crashes.lanes[0], { kinds: [killDump(2), rotate(2)], pauseMs: [100, 1_200] }, crashes.lanes[2]],
  heal: serverIsBack,
} as const;

export const mysqls: readonly Scenario[] = [
  {
    name: 'mysql',
    mode: 'in_process',
    weight: 3,
    about:
      'restarts, crashes and freezes of MySQL, KILL of the dump, rotation, tagged GTIDs, another client with our server id',
    ...crashes,
  },
  { name: 'mysql-kafka', mode: 'kafka', weight: 3, about: 'the same with Kafka', ...crashes },
  {
    name: 'mysql-no-gtid',
    mode: 'in_process',
    weight: 2,
    about: 'restarts and crashes of a MySQL without GTIDs, KILL of the dump, rotation',
    world: { mysqlFlags: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF', '--sync-binlog=1'] },
    ...noTags,
  },
  {
    name: 'mysql-ddl',
    mode: 'in_process',
    weight: 2,
    about: 'columns come and go, tables are swapped and truncated, while `sluice run` is killed',
    mayMissRefreshed:
      'a flush after a table change takes refreshed keys away, and only the next change brings them back',
    lanes: [
      { kinds: [ddl()], pauseMs: [300, 1_500] },
      { kinds: [kill('run')], pauseMs: [1_000, 4_000] },
    ],
  },
  {
    name: 'failover',
    mode: 'in_process',
    weight: 3,
    about:
      'fail-over to a GTID replica and back, again and again, at more than 1,000 transactions a second as far as the machine takes it',
    load: { writers: 24, perSecond: 1_200, ticks: 100, locked: 2, aside: 4 },
    prepare: addReplica,
    lanes: [
      { kinds: [failover()], pauseMs: [4_000, 9_000] },
      { kinds: [kill('run')], pauseMs: [5_000, 15_000] },
    ],
  },
];
