import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { tailRecords, type TailRecord } from '../../../src/transport/kafka-tail.ts';
import { flushOf } from '../../support/invalidations.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, WAIT } from './recorder.ts';

/** Collects what the tail yields; it ends with the test. */
function follow(harness: KafkaHarness, sinceMs: number | null) {
  const { connection, topic, parts } = harness;
  const stop = new AbortController();
  const records: TailRecord[] = [];
  const done = (async () => {
    const options = { connection, topic: topic.name, sinceMs, ...parts };
    for await (const record of tailRecords(options, stop.signal)) records.push(record);
  })();
  onTestFinished(() => stop.abort());
  return { records, done, stop: () => stop.abort() };
}

const versions = (records: readonly TailRecord[]): number[] =>
  records
    .flatMap(({ item }) => (item.kind === 'invalidation' ? [item.invalidation.version] : []))
    .sort((a, b) => a - b);

describe('the tail of a topic', () => {
  it('shows what comes from now on, of all partitions, with place, time and text', async () => {
    const harness = await KafkaHarness.open({ partitions: 3 });
    const publisher = harness.publisher();
    await publisher.publish(changes(10));
    const { records, done, stop } = follow(harness, null);
    let version = 2_000;
    await vi.waitFor(async () => {
      await publisher.publish(changes(6, 6, (version += 10)));
      expect(records.length).toBeGreaterThan(20);
    }, WAIT);
    expect(versions(records)[0]).toBeGreaterThanOrEqual(2_010);
    const [first] = records;
    expect(first?.item).toMatchObject({ place: `${harness.topic.name}/${first?.partition}@${first?.offset}` });
    expect(JSON.parse(first?.text ?? '')).toMatchObject({ v: 1, action: 'delete' });
    expect(Math.abs((first?.timestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    stop();
    await done;
  });

  it('shows a flush once, although a copy of it stands in every partition', async () => {
    const harness = await KafkaHarness.open({ partitions: 3 });
    const publisher = harness.publisher();
    const plain = flushOf('plain:*', 2, { versioned: false });
    await publisher.publish([...changes(30, 30), flushOf('card:*', 1), plain]);
    await publisher.publish(changes(30, 30, 2_000));
    const { records, done, stop } = follow(harness, 0);
    await vi.waitFor(() => expect(records.length).toBeGreaterThanOrEqual(62), WAIT);
    stop();
    await done;
    expect(versions(records).filter((version) => version < 10)).toEqual([1, 2]);
  });

  it('begins in the past when it is told to', async () => {
    const harness = await KafkaHarness.open({ partitions: 3 });
    const publisher = harness.publisher();
    await publisher.publish(changes(10, 7, 1_000));
    const all = follow(harness, 0);
    await vi.waitFor(() => expect(all.records).toHaveLength(10), WAIT);
    const between = Math.max(...all.records.map(({ timestampMs }) => timestampMs)) + 1;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(between), WAIT);
    // Of one key: the other partitions have no record that young, and must not show their old ones.
    const young = changes(10, 1, 2_000);
    await publisher.publish(young);
    const late = follow(harness, between);
    await vi.waitFor(() => expect(late.records.length).toBeGreaterThanOrEqual(10), WAIT);
    expect(versions(late.records)).toEqual(young.map(({ version }) => version));
    await vi.waitFor(() => expect(all.records).toHaveLength(20), WAIT);
  });

  it('shows what cannot be read, too', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    const { records } = follow(harness, 0);
    await harness.topic.produce([{ key: 'a', value: 'hello' }]);
    await vi.waitFor(() => expect(records).toMatchObject([{ item: { kind: 'unreadable' }, text: 'hello' }]), WAIT);
  });

  it('leaves no consumer group behind', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    const { records, done, stop } = follow(harness, 0);
    await harness.publisher().publish(changes(1));
    await vi.waitFor(() => expect(records).toHaveLength(1), WAIT);
    const admin = new Kafka({ brokers: [...harness.connection.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    const { groups } = await admin.listGroups();
    expect(groups.filter(({ groupId }) => groupId.startsWith(harness.connection.clientId))).toEqual([]);
    stop();
    await done;
  });
});
