import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel, type Admin, type ITopicConfig } from 'kafkajs';
import { SluiceProcess } from '../deploy/local/sluice-process.ts';
import type { BareProducerSettings } from './bare-producer.ts';
import { atLeast, type Bench, type Results, type Scenario } from './scenario.ts';
import { TABLE, Workload, type Coordinates } from './workload.ts';

interface Rate {
  readonly perSecond: number;
  /** Of the process that produces: what is left when another process has the other core. */
  readonly perCpuSecond: number;
}
type Contestant = 'sluice' | BareProducerSettings['library'];

const PARTITIONS = 12;
const CONTESTANTS: readonly Contestant[] = ['sluice', 'kafkajs', '@platformatic/kafka'];

export const captureToKafka: Scenario = {
  name: 'capture-to-kafka',
  about: 'from the binlog to acknowledged records in Kafka, beside two libraries that only produce the same records',
  run: async (bench) => {
    const rates = await measure(bench);
    const results = (pick: (rate: Rate) => number): Results =>
      Object.fromEntries(CONTESTANTS.map((name) => [name, rates[name].map(pick)]));
    const perSecond = results((rate) => rate.perSecond);
    const faster = rates.kafkajs.map((rate, run) =>
      Math.max(rate.perSecond, rates['@platformatic/kafka'][run]?.perSecond ?? NaN),
    );
    return [
      {
        what: `capture to Kafka, ${PARTITIONS} partitions`,
        unit: 'records/s',
        results: { ...perSecond, 'faster of both': faster },
        ratios: [{ of: 'sluice', to: 'faster of both', goal: atLeast(0.5) }],
      },
      {
        what: 'capture to Kafka, by processor time of the process that produces',
        unit: 'records/CPU s',
        results: results((rate) => rate.perCpuSecond),
        ratios: [{ of: 'sluice', to: '@platformatic/kafka', goal: null }],
      },
    ];
  },
};

async function measure({ isQuick, runs: rounds, servers, progress }: Bench): Promise<Record<Contestant, Rate[]>> {
  const rows = isQuick ? 100_000 : 500_000;
  const addresses = await servers(['mysql', 'redis', 'kafka']);
  const { brokers } = addresses.kafka;
  const admin = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING }).admin();
  const workload = await Workload.create(addresses);
  const rates: Record<Contestant, Rate[]> = { sluice: [], kafkajs: [], '@platformatic/kafka': [] };
  const run = randomUUID();
  const topicOf = (name: Contestant, round: number): string => `bench-${run}-${round}-${name.replace(/\W/g, '')}`;
  const topics = CONTESTANTS.flatMap((name) => Array.from({ length: rounds }, (_, index) => topicOf(name, index + 1)));
  try {
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: topics.map(topicConfig) });
    await workload.insertRows(rows);
    const from = await workload.coordinates();
    progress(`writing ${rows} single-row transactions`);
    await workload.updateSingly(rows);
    for (let round = 1; round <= rounds; round++) {
      const written = topicOf('sluice', round);
      for (const name of CONTESTANTS) {
        const to = topicOf(name, round);
        const rate =
          name === 'sluice'
            ? await capture({ workload, admin, brokers, topic: to, from, count: rows })
            : await bare({ library: name, brokers, from: written, to, partitions: PARTITIONS, count: rows });
        rates[name].push(rate);
        progress(`round ${round}: ${name}: ${Math.round(rate.perSecond)} records/s`);
      }
    }
    return rates;
  } finally {
    // All at the end: asked about any topic, kafkajs also asks about those it has seen go.
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    await workload.close();
  }
}

const topicConfig = (topic: string): ITopicConfig => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 });

async function bare(settings: BareProducerSettings): Promise<Rate> {
  const script = fileURLToPath(new URL('bare-producer.ts', import.meta.url));
  const args = ['--import', 'tsx', script, JSON.stringify(settings)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Rate;
}

interface Capture {
  readonly workload: Workload;
  readonly admin: Admin;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly from: Coordinates;
  readonly count: number;
}

/** From the first record in the topic to the last, so that the start of the process does not count. */
async function capture({ workload, admin, brokers, topic, from, count }: Capture): Promise<Rate> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const rules = { rules: [{ name: 'row', table: TABLE, keys: ['row:{id}'], action: 'delete' }] };
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify(rules));
  const config = {
    name: `bench-${topic}`,
    rules: 'rules.yaml',
    source: { url: workload.mysql.url, start: { file: from.file, offset: from.offset } },
    targets: [{ name: 'main', url: workload.redisUrl }],
    transport: { kind: 'kafka', brokers, topic, partitions: PARTITIONS, replication_factor: 1 },
    admin: { port: 0 },
  };
  writeFileSync(join(folder, 'sluice.yaml'), JSON.stringify(config));
  const daemon = new SluiceProcess({ args: ['capture', '--config', join(folder, 'sluice.yaml')] });
  try {
    const begun = waitFor({ admin, topic, pid: daemon.pid, done: (records) => records > 0 });
    // It throws with the log of a daemon that ended.
    const [first] = await Promise.all([begun, daemon.ready()]);
    const last = await waitFor({ admin, topic, pid: daemon.pid, done: (records) => records >= count });
    const records = last.records - first.records;
    return {
      perSecond: records / ((last.atMs - first.atMs) / 1_000),
      perCpuSecond: records / (last.cpuSeconds - first.cpuSeconds),
    };
  } finally {
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Seen {
  readonly records: number;
  readonly atMs: number;
  readonly cpuSeconds: number;
}

async function waitFor(wanted: {
  readonly admin: Admin;
  readonly topic: string;
  readonly pid: number;
  readonly done: (records: number) => boolean;
}): Promise<Seen> {
  const deadline = performance.now() + 300_000;
  for (;;) {
    const offsets = await wanted.admin.fetchTopicOffsets(wanted.topic).catch(unlessNew);
    const records = offsets.reduce((sum, { high }) => sum + Number(high), 0);
    const seen = { records, atMs: performance.now(), cpuSeconds: await cpuSecondsOf(wanted.pid) };
    if (wanted.done(records)) return seen;
    if (seen.atMs > deadline) throw new Error(`${records} records after five minutes`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Of a topic that is new to it, kafkajs may ask a broker that does not lead it yet. */
function unlessNew(error: unknown): [] {
  if (error instanceof Error && 'type' in error && error.type === 'NOT_LEADER_FOR_PARTITION') return [];
  throw error;
}

/** utime and stime of /proc, in ticks of 10 ms; NaN where there is no /proc. */
async function cpuSecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}
