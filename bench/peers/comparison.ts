/** The same backlog read by Sluice and by the peers, who count its rows, delete its keys, or produce it to Kafka. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../child.ts';
import { Daemons } from '../daemons.ts';
import { drainedBy } from '../drain/drain.ts';
import type { Drained } from '../drain/second-half.ts';
import { inTurns, type Contestant } from '../in-turns.ts';
import { startPipeline } from '../pipelines.ts';
import { atLeast, type Bench, type Comparison, type Scenario } from '../scenario.ts';
import { removeTopics, withAdmin } from '../topics.ts';
import { DATABASE, TABLE, Workload, type Coordinates } from '../workload.ts';
import { peerNotes, PEERS, startPeer, type PeerName, type PeerWork } from './peers.ts';

const PATIENCE_MS = 900_000;

export const peers: Scenario = {
  name: 'peers',
  about: "only with --peers: counting, UNLINK and Kafka beside Debezium's embedded engine and Canal's parser",
  run: async (bench) => {
    if (!bench.withPeers) {
      bench.progress('peers: left out, because --peers was not given');
      return [];
    }
    const count = bench.isQuick ? 20_000 : 500_000;
    const workload = await Workload.create(await bench.servers(['mysql', 'redis']));
    try {
      await workload.insertRows(count);
      await workload.run('FLUSH BINARY LOGS');
      const from = await workload.coordinates();
      const gtids = await workload.executedGtids();
      bench.progress(`writing ${count} single-row transactions`);
      await workload.updateSingly(count);
      const backlog = { from, gtids, to: await workload.coordinates(), rows: count, table: TABLE };
      const task: Task = { bench, workload, backlog, works: await whoWorks(bench, workload, backlog) };
      return [await counting(task), await unlinking(task), await producing(task)];
    } finally {
      await workload.close();
    }
  },
};

interface Backlog extends Pick<PeerWork, 'from' | 'gtids' | 'rows' | 'table'> {
  readonly to: Coordinates;
}

interface Task {
  readonly bench: Bench;
  readonly workload: Workload;
  readonly backlog: Backlog;
  readonly works: { readonly peers: readonly PeerName[]; readonly notes: readonly string[] };
}

type Rate = Readonly<Record<'rate', number>>;

/** A peer that does not understand this server is left out, and the results say so. */
async function whoWorks(bench: Bench, { mysql }: Workload, backlog: Backlog): Promise<Task['works']> {
  const notes = peerNotes();
  const peers: PeerName[] = [];
  for (const name of Object.keys(PEERS) as PeerName[]) {
    try {
      await drained(await startPeer(name, { ...backlog, mysql, does: { kind: 'count' } }, bench.progress));
      peers.push(name);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      notes.push(`${name} is left out: this version does not work with MySQL ${mysql.version}: ${reason}`);
    }
  }
  return { peers, notes };
}

async function counting({ bench, workload, backlog, works }: Task): Promise<Comparison> {
  const rules = [{ name: 'row', table: TABLE, keys: ['row:{id}:{category_id}'], action: 'delete' }];
  const what = 'single-row transactions: rows counted by the peers, decoded and evaluated by Sluice';
  const { rate } = await inTurns(bench, what, {
    sluice: drainedBy('sluice', { ...backlog, mysql: workload.mysql, database: DATABASE, rules }),
    ...contestants(works.peers, backlog.rows, (name) =>
      startPeer(name, { ...backlog, mysql: workload.mysql, does: { kind: 'count' } }, bench.progress),
    ),
  });
  const ratios = [
    { of: 'sluice', to: 'canal, one thread', goal: atLeast(4) },
    { of: 'sluice', to: 'canal, parallel', goal: atLeast(4) },
    { of: 'sluice', to: 'debezium', goal: atLeast(8) },
  ];
  return { what, unit: 'rows/s', results: rate, ratios, notes: works.notes };
}

async function unlinking({ bench, workload, backlog, works }: Task): Promise<Comparison> {
  const what = 'backlog to empty keys beside the peers, second half';
  const does = { kind: 'unlink', redisUrl: workload.redisUrl } as const;
  const { rate } = await inTurns(bench, what, {
    sluice: async () => {
      await workload.fillKeys(backlog.rows);
      const pipeline = startPipeline('sluice', workload, backlog.from);
      try {
        return await secondHalf(backlog.rows, async () => backlog.rows - (await workload.cachedKeys()));
      } finally {
        await pipeline.stop();
      }
    },
    ...contestants(works.peers, backlog.rows, async (name) => {
      await workload.fillKeys(backlog.rows);
      return startPeer(name, { ...backlog, mysql: workload.mysql, does }, bench.progress);
    }),
  });
  const ratios = works.peers.map((name) => ({ of: 'sluice', to: name, goal: null }));
  return { what, unit: 'rows/s', results: rate, ratios, notes: works.notes };
}

async function producing({ bench, workload, backlog, works }: Task): Promise<Comparison> {
  const what = 'backlog to Kafka beside Debezium, second half';
  const { brokers } = (await bench.servers(['kafka'])).kafka;
  const rules = [{ name: 'row', table: TABLE, keys: ['row:{id}'], action: 'delete' }];
  const topic = `bench.debezium.${process.pid}`;
  try {
    await withAdmin(brokers, (admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: 12, replicationFactor: 1 }], waitForLeaders: true }),
    );
    const { rate } = await inTurns(bench, what, {
      sluice: async () => {
        const { mysql, redisUrl } = workload;
        const daemons = new Daemons({ mysqlUrl: mysql.url, redisUrl, from: backlog.from, rules, brokers });
        try {
          daemons.start('capture');
          await daemons.ready();
          return await withAdmin(brokers, (admin) =>
            secondHalf(backlog.rows, async () =>
              (await admin.fetchTopicOffsets(daemons.topic)).reduce((sum, { high }) => sum + Number(high), 0),
            ),
          );
        } finally {
          await daemons.stop();
        }
      },
      ...contestants(
        works.peers.filter((name) => name === 'debezium'),
        backlog.rows,
        (name) =>
          startPeer(
            name,
            { ...backlog, mysql: workload.mysql, does: { kind: 'kafka', brokers, topic } },
            bench.progress,
          ),
      ),
    });
    const ratios = [{ of: 'sluice', to: 'debezium', goal: atLeast(3) }];
    return { what, unit: 'records/s', results: rate, ratios, notes: works.notes };
  } finally {
    await removeTopics(brokers, [topic]);
  }
}

function contestants(
  names: readonly PeerName[],
  rows: number,
  start: (name: PeerName) => Promise<Child>,
): Record<string, Contestant<'rate'>> {
  return Object.fromEntries(
    names.map((name) => [
      name,
      async (): Promise<Rate> => {
        const { share, seconds } = await drained(await start(name));
        return { rate: (share * rows) / seconds };
      },
    ]),
  );
}

/** A peer that does not understand what it reads may try for ever. */
async function drained(child: Child): Promise<Drained> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  patience.addEventListener('abort', () => void child.stop());
  // Some log on their standard output, too.
  return JSON.parse((await child.output()).trim().split('\n').at(-1) ?? '') as Drained;
}

/** Seen from outside: how many are done, asked again and again. */
async function secondHalf(total: number, done: () => Promise<number>): Promise<Rate> {
  const deadline = performance.now() + PATIENCE_MS;
  let half: { readonly count: number; readonly atMs: number } | null = null;
  for (;;) {
    const count = await done();
    const atMs = performance.now();
    if (half === null && count >= total / 2) half = { count, atMs };
    if (half !== null && count >= total) return { rate: (count - half.count) / ((atMs - half.atMs) / 1000) };
    if (atMs > deadline) throw new Error(`only ${count} of ${total} are done`);
    await sleep(5);
  }
}
