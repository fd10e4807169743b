import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startKafkaCluster, type ThrowawayKafkaCluster } from '../../../deploy/local/services.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { checkTopics } from '../../../src/transport/kafka-topics.ts';
import { recordingLogger } from '../security/tls-servers.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder } from './recorder.ts';

const PARTITIONS = 6;
const KEYS = 30;
const PER_BATCH = 60;
/** A leader is missed after three seconds, and found after a few more. */
const WAIT = { timeout: 60_000, interval: 20 };
/** One that is frozen, after fifteen; kafkajs may begin anew with the same. */
const LONG_WAIT = { ...WAIT, timeout: 150_000 };

interface TopicRecord {
  readonly partition: number;
  readonly key: string;
  readonly version: number;
}

/** What stands in the topic, as another client reads it. */
async function recordsOf(harness: KafkaHarness): Promise<TopicRecord[]> {
  const lines = await harness.topic.kcat('%p %s');
  return lines.map((line) => {
    const space = line.indexOf(' ');
    const { key, version } = JSON.parse(line.slice(space + 1)) as { key: string; version: number };
    return { partition: Number(line.slice(0, space)), key, version };
  });
}

/**
 * A producer that was rebuilt repeats what it got no answer for, so a record may stand there twice; but what stands there for
 * the first time is newer than all of its key before it, and every key is in one partition.
 */
function expectOrder(records: readonly TopicRecord[]): void {
  const newest = new Map<string, number>();
  const seen = new Set<number>();
  const places = new Map<string, number>();
  for (const { partition, key, version } of records) {
    expect(places.get(key) ?? partition, key).toBe(partition);
    places.set(key, partition);
    if (seen.has(version)) continue;
    seen.add(version);
    expect(version, key).toBeGreaterThan(newest.get(key) ?? -1);
    newest.set(key, version);
  }
}

/** Publishes batch after batch; `acknowledged` are the versions that Kafka has confirmed. */
function publishing(harness: KafkaHarness, publisher = harness.publisher({ closeTimeoutMs: 1_000 })) {
  const acknowledged = new Set<number>();
  let going = true;
  let next = 1;
  const loop = async (): Promise<void> => {
    while (going) {
      const first = next;
      next += PER_BATCH;
      await publisher.publish(changes(PER_BATCH, KEYS, first));
      for (let version = first; version < next; version++) acknowledged.add(version);
    }
  };
  const done = loop();
  onTestFinished(() => void (going = false));
  return {
    acknowledged,
    more: (count: number) => {
      const wanted = acknowledged.size + count;
      return vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(wanted), WAIT);
    },
    end: async (): Promise<void> => {
      going = false;
      await done;
    },
  };
}

function consuming(harness: KafkaHarness, more: Parameters<KafkaHarness['subscription']>[0] = {}) {
  const stop = new AbortController();
  const recorder = new Recorder();
  const done = harness.subscription(more).run(recorder.handle, stop.signal);
  onTestFinished(() => stop.abort());
  return {
    versions: () => new Set(recorder.invalidations.map(({ version }: Invalidation) => version)),
    end: async (): Promise<void> => {
      stop.abort();
      await expect(done).resolves.toBeUndefined();
    },
  };
}

describe('three brokers', () => {
  let cluster: ThrowawayKafkaCluster;
  let harness: KafkaHarness;
  beforeAll(async () => {
    cluster = await startKafkaCluster();
  });
  afterAll(() => cluster.remove());
  beforeEach(async () => {
    harness = await KafkaHarness.open({ partitions: PARTITIONS, brokers: cluster.brokers, replicas: 3 });
  });

  const leaderOfFirst = async () => {
    const port = (await harness.topic.leaders()).get(0);
    const node = cluster.nodes.find((each) => each.port === port);
    if (node === undefined) throw new Error('partition 0 has no leader');
    return node;
  };

  it('lose nothing that was acknowledged and keep the order of each key while leader after leader is killed', async () => {
    const write = publishing(harness);
    const read = consuming(harness);
    await write.more(500);
    const killed: number[] = [];
    for (let round = 0; round < 4; round++) {
      const leader = await leaderOfFirst();
      await leader.kill('SIGKILL');
      killed.push(leader.port);
      // Another broker has become the leader, before the killed one is back.
      await write.more(500);
      await leader.restart();
      await write.more(200);
    }
    await write.end();
    await vi.waitFor(() => expect(read.versions().size).toBe(write.acknowledged.size), WAIT);
    await read.end();
    const records = await recordsOf(harness);
    const found = new Set(records.map(({ version }) => version));
    expect([...write.acknowledged].filter((version) => !found.has(version))).toEqual([]);
    expectOrder(records);
    expect(new Set(killed).size).toBeGreaterThan(1);
    console.log(`${killed.length} leaders killed, ${write.acknowledged.size} acknowledged, ${records.length} records`);
  }, 300_000);

  it('go on while one of them is frozen, and with the only one that is configured dead', async () => {
    const [first] = cluster.nodes;
    const connection = { ...harness.connection, brokers: [`127.0.0.1:${first?.port ?? 0}`] };
    const write = publishing(harness, harness.publisher({ connection, closeTimeoutMs: 1_000 }));
    const read = consuming(harness);
    const readOn = (): Promise<void> => {
      const wanted = write.acknowledged.size;
      return vi.waitFor(() => expect(read.versions().size).toBeGreaterThanOrEqual(wanted), LONG_WAIT);
    };
    await write.more(500);
    await readOn();
    for (const node of cluster.nodes) {
      await node.kill('SIGSTOP');
      const beganMs = Date.now();
      try {
        await write.more(1_000);
        const publishedMs = Date.now() - beganMs;
        await readOn();
        console.log(`${node.port} frozen: published after ${publishedMs} ms, read after ${Date.now() - beganMs} ms`);
      } finally {
        await node.kill('SIGCONT');
      }
      await write.more(300);
    }
    await first?.kill('SIGKILL');
    await write.more(1_000);
    await first?.restart();
    await write.end();
    await vi.waitFor(() => expect(read.versions().size).toBe(write.acknowledged.size), LONG_WAIT);
    await read.end();
    const records = await recordsOf(harness);
    const found = new Set(records.map(({ version }) => version));
    expect([...write.acknowledged].filter((version) => !found.has(version))).toEqual([]);
    expectOrder(records);
  }, 600_000);

  it('make a publisher wait while too few of them are in sync, and go on when they are back', async () => {
    const { logger, text } = recordingLogger();
    const publisher = harness.publisher({ logger, closeTimeoutMs: 1_000 });
    await publisher.publish(changes(PER_BATCH, KEYS, 1));
    const [first, second] = cluster.nodes;
    await Promise.all([first?.kill('SIGKILL'), second?.kill('SIGKILL')]);
    let settled = false;
    const waiting = publisher.publish(changes(PER_BATCH, KEYS, 1_000)).finally(() => (settled = true));
    await vi.waitFor(() => expect(text()).toMatch(/still not published, retrying/), WAIT);
    expect(settled).toBe(false);
    await Promise.all([first?.restart(), second?.restart()]);
    await waiting;
    const records = await recordsOf(harness);
    expect(new Set(records.map(({ version }) => version)).size).toBe(2 * PER_BATCH);
    expectOrder(records);
  }, 180_000);

  it('deliver everything that is published after the topic was deleted and created again', async () => {
    const publisher = harness.publisher({ closeTimeoutMs: 1_000 });
    const read = consuming(harness);
    await publisher.publish(changes(600, KEYS, 1));
    await vi.waitFor(() => expect(read.versions().size).toBe(600), WAIT);
    await vi.waitFor(async () => expect(await harness.topic.lag(harness.group)).toBe(0), WAIT);
    await harness.topic.remove();
    // More than there was before: an old Kafka offset is inside the new topic too.
    const again = publisher.publish(changes(1_200, KEYS, 10_000));
    await vi.waitFor(() => harness.topic.create({ partitions: PARTITIONS, replicas: 3 }), WAIT);
    await again;
    await vi.waitFor(
      () => expect([...read.versions()].filter((version) => version >= 10_000)).toHaveLength(1_200),
      WAIT,
    );
    await read.end();
  }, 180_000);

  it('keep every key where it was when partitions are added, and a start is refused until the configuration says so', async () => {
    const write = publishing(harness);
    const read = consuming(harness);
    await write.more(300);
    await harness.topic.grow({ partitions: PARTITIONS + 3 });
    await write.more(1_000);
    await write.end();
    await vi.waitFor(() => expect(read.versions().size).toBe(write.acknowledged.size), WAIT);
    await read.end();
    const records = await recordsOf(harness);
    expectOrder(records);
    expect(Math.max(...records.map(({ partition }) => partition))).toBeLessThan(PARTITIONS);
    const topics = [
      {
        topic: harness.topic.name,
        use: 'invalidations',
        partitions: PARTITIONS,
        replicationFactor: 3,
        retentionMs: 3_600_000,
      },
    ] as const;
    const { connection } = harness;
    const problems = await checkTopics({ connection, topics, logger: recordingLogger().logger });
    expect(problems.map(({ message }) => message)).toEqual([
      `topic ${harness.topic.name} has ${PARTITIONS + 3} partitions, not ${PARTITIONS}`,
    ]);
    expect(problems[0]?.remedy).toMatch(/for capture and workers, and restart all of them/);
  }, 180_000);
});
