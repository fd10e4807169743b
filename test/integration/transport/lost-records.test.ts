import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BatchHandler, RecordLoss } from '../../../src/ports.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder, WAIT } from './recorder.ts';

const ALL = [0, 1, 2];

/** A member of the group that runs until the test ends, or leaves. */
function join(harness: KafkaHarness, handle: BatchHandler) {
  const stop = new AbortController();
  const done = harness.subscription().run(handle, stop.signal);
  done.catch(() => undefined);
  const leave = async (): Promise<void> => {
    stop.abort(new Error('left by the test'));
    await done;
  };
  onTestFinished(() => leave().catch(() => undefined));
  return { done, leave };
}

const lossesOf = ({ batches }: Recorder): RecordLoss[] => batches.flatMap(({ lost }) => (lost ? [lost] : []));

async function adminOf(harness: KafkaHarness) {
  const kafka = new Kafka({ brokers: [...harness.connection.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

/** What the group has committed, by partition. */
async function committedBy(harness: KafkaHarness): Promise<number[]> {
  const admin = await adminOf(harness);
  const [answer] = await admin.fetchOffsets({ groupId: harness.group, topics: [harness.topic.name] });
  return (answer?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
}

/** Commits what the group has committed already, with these words. */
async function commitFor(harness: KafkaHarness, metadata: string): Promise<void> {
  const offsets = await committedBy(harness);
  const kafka = new Kafka({ brokers: [...harness.connection.brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: harness.group, sessionTimeout: 6_000 });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.connect();
  await consumer.subscribe({ topics: [harness.topic.name] });
  await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  await joined;
  const topic = harness.topic.name;
  await consumer.commitOffsets(
    offsets.map((offset, partition) => ({ topic, partition, offset: String(offset), metadata })),
  );
  await consumer.disconnect();
}

/** The same name, another topic. */
async function createAnew({ topic }: KafkaHarness): Promise<void> {
  await topic.remove();
  await vi.waitFor(() => topic.create({ partitions: ALL.length }), WAIT);
}

/** A group that has read everything there was, and left. */
async function worked(): Promise<KafkaHarness> {
  const harness = await KafkaHarness.open({ partitions: ALL.length });
  await harness.publisher().publish(changes(20));
  const first = new Recorder();
  const { leave } = join(harness, first.handle);
  await vi.waitFor(() => expect(first.items).toHaveLength(20), WAIT);
  await vi.waitFor(() => expect(harness.trace.left).toBe(true), WAIT);
  await leave();
  expect(lossesOf(first)).toEqual([]);
  return harness;
}

describe('records that nobody has read and that are gone', () => {
  it('are none for a new group: it commits a place in every partition, then leaves its trace', async () => {
    const harness = await KafkaHarness.open({ partitions: ALL.length });
    const recorder = new Recorder();
    join(harness, recorder.handle);
    await vi.waitFor(() => expect(harness.trace.left).toBe(true), WAIT);
    expect(await committedBy(harness)).toEqual([0, 0, 0]);
    expect(recorder.batches).toEqual([]);
  });

  it('are told once after the topic was created anew while nobody worked', async () => {
    const harness = await worked();
    await createAnew(harness);
    await harness.publisher().publish(changes(5, 5, 2_000));
    const second = new Recorder();
    const { leave } = join(harness, second.handle);
    await vi.waitFor(() => expect(second.items).toHaveLength(5), WAIT);
    expect(lossesOf(second)).toEqual([{ reason: 'offsets_missing', partitions: ALL }]);
    expect(second.batches[0]?.lost).toBeDefined();
    await leave();

    const third = new Recorder();
    join(harness, third.handle);
    await harness.publisher().publish(changes(5, 5, 3_000));
    await vi.waitFor(() => expect(third.items).toHaveLength(5), WAIT);
    expect(lossesOf(third)).toEqual([]);
  });

  it('are told when the offsets are those of another topic of the same name, though there are such records', async () => {
    const harness = await worked();
    await commitFor(harness, 'f'.repeat(32));
    const second = new Recorder();
    const { leave } = join(harness, second.handle);
    await vi.waitFor(() => expect(second.items).toHaveLength(20), WAIT);
    expect(lossesOf(second)).toEqual([{ reason: 'topic_recreated', partitions: ALL }]);
    await leave();

    await commitFor(harness, 'words of somebody else');
    const third = new Recorder();
    join(harness, third.handle);
    await harness.publisher().publish(changes(5, 5, 3_000));
    await vi.waitFor(() => expect(third.items).toHaveLength(5), WAIT);
    expect(lossesOf(third)).toEqual([]);
  });

  it('are told again to whoever comes next when they were not made good for', async () => {
    const harness = await worked();
    await createAnew(harness);
    const failing = new Recorder(() => Promise.reject(new Error('the process dies')));
    await expect(join(harness, failing.handle).done).rejects.toThrow('the process dies');
    expect(await committedBy(harness)).toEqual([-1, -1, -1]);
    const next = new Recorder();
    join(harness, next.handle);
    await vi.waitFor(() => expect(lossesOf(next)).toHaveLength(1), WAIT);
    await vi.waitFor(async () => expect(await committedBy(harness)).toEqual([0, 0, 0]), WAIT);
  });

  it('are none for a cache that was emptied meanwhile', async () => {
    const harness = await worked();
    await createAnew(harness);
    harness.trace.left = false;
    const second = new Recorder();
    join(harness, second.handle);
    await vi.waitFor(() => expect(harness.trace.left).toBe(true), WAIT);
    expect(second.batches).toEqual([]);
  });

  it('hold back what comes behind them, and its offsets', async () => {
    const harness = await worked();
    await createAnew(harness);
    await harness.publisher().publish(changes(5, 5, 2_000));
    let mend = (): void => undefined;
    const mended = new Promise<void>((resolve) => (mend = resolve));
    const second = new Recorder(({ lost }) => (lost ? mended : Promise.resolve()));
    join(harness, second.handle);
    await vi.waitFor(() => expect(lossesOf(second)).toHaveLength(1), WAIT);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(second.items).toEqual([]);
    expect(await committedBy(harness)).toEqual([-1, -1, -1]);
    mend();
    await vi.waitFor(() => expect(second.items).toHaveLength(5), WAIT);
  });

  it.each([
    ['and more stands there than was read before', 60],
    ['and nothing stands there', 0],
  ])('are told to a running member when the topic is created anew, %s', async (_, count) => {
    const harness = await KafkaHarness.open({ partitions: ALL.length });
    const publisher = harness.publisher();
    await publisher.publish(changes(20));
    const recorder = new Recorder();
    join(harness, recorder.handle);
    await vi.waitFor(() => expect(recorder.items).toHaveLength(20), WAIT);
    await vi.waitFor(() => expect(harness.trace.left).toBe(true), WAIT);
    await createAnew(harness);
    const given = changes(count, 7, 5_000);
    const published = publisher.publish(given);
    await vi.waitFor(() => expect(lossesOf(recorder).flatMap(({ partitions }) => partitions)).toEqual(ALL), WAIT);
    await published;
    const versions = () => new Set(recorder.invalidations.map(({ version }) => version));
    await vi.waitFor(() => given.forEach(({ version }) => expect(versions()).toContain(version)), WAIT);
    const total = await committedTotal(harness, count);
    expect(total).toBe(count);
  });

  it('may be in partitions that were added', async () => {
    const harness = await worked();
    await harness.topic.grow({ partitions: 5 });
    const second = new Recorder();
    join(harness, second.handle);
    await vi.waitFor(() => expect(lossesOf(second)).toHaveLength(1), WAIT);
    expect(lossesOf(second)).toEqual([{ reason: 'offsets_missing', partitions: [3, 4] }]);
    await vi.waitFor(async () => expect((await committedBy(harness)).slice(3)).toEqual([0, 0]), WAIT);
  });
});

async function committedTotal(harness: KafkaHarness, wanted: number): Promise<number> {
  const sum = async () => (await committedBy(harness)).reduce((total, offset) => total + offset, 0);
  await vi.waitFor(async () => expect(await sum()).toBe(wanted), WAIT);
  return sum();
}
