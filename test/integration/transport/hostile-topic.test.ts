import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Metrics } from '../../../src/runtime/metrics.ts';
import type { KafkaSubscriptionOptions } from '../../../src/transport/kafka-subscription.ts';
import { partitionFor } from '../../../src/transport/murmur2.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { deleteOf } from '../../support/invalidations.ts';
import { KafkaHarness } from './kafka-harness.ts';
import { changes, Recorder, WAIT } from './recorder.ts';

/** Reads until `work` is done with what came. */
async function read(
  harness: KafkaHarness,
  work: (recorder: Recorder) => Promise<void> | void,
  more: Partial<KafkaSubscriptionOptions> = {},
): Promise<Recorder> {
  const recorder = new Recorder();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const done = harness.subscription(more).run(recorder.handle, stop.signal);
  await vi.waitFor(() => work(recorder), WAIT);
  stop.abort();
  await done;
  return recorder;
}

async function adminOf(harness: KafkaHarness) {
  const kafka = new Kafka({ brokers: [...harness.connection.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

describe('a topic that holds what it should not', () => {
  it('hands on what cannot be read as unreadable, in its place between the others', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    const good = (version: number) => ({ key: 'a', value: encodeRecord(deleteOf('a', version)) });
    await harness.topic.produce([
      good(1),
      { key: 'a', value: 'hello' },
      { key: 'b', value: good(2).value },
      { key: null, value: good(3).value },
      { key: 'a', value: good(4).value.replace('"v":1', '"v":2') },
      good(5),
    ]);
    const { items } = await read(harness, ({ items }) => expect(items).toHaveLength(6));
    expect(items.map((item) => (item.kind === 'unreadable' ? item.reason : item.invalidation.version))).toEqual([
      1,
      expect.stringContaining('the value is not JSON'),
      'the Kafka key is not the partition key "a"',
      'the record has no Kafka key',
      'format version 2 is not 1',
      5,
    ]);
    expect(items.map(({ place }) => place)).toEqual(
      [0, 1, 2, 3, 4, 5].map((offset) => `${harness.topic.name}/0@${offset}`),
    );
    expect(items[1]).toMatchObject({ raw: 'hello' });
  });

  it('that forgot records before they were read says so: log, metric, and no silence', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    const publisher = harness.publisher();
    await publisher.publish(changes(10));
    await read(harness, ({ items }) => expect(items).toHaveLength(10));
    await publisher.publish(changes(20, 7, 2_000));
    const admin = await adminOf(harness);
    // Also loads the topic's metadata, without which kafkajs cannot delete.
    expect(await admin.fetchTopicOffsets(harness.topic.name)).toMatchObject([{ high: '30' }]);
    await admin.deleteTopicRecords({ topic: harness.topic.name, partitions: [{ partition: 0, offset: '25' }] });
    const metrics = new Metrics();
    const count = vi.spyOn(metrics, 'count');
    const { items } = await read(harness, ({ items }) => expect(items).toHaveLength(5), { metrics });
    expect(items[0]?.place).toBe(`${harness.topic.name}/0@25`);
    expect(count).toHaveBeenCalledWith('sluice_consumer_skipped_records_total', { target: 'main' }, 15);
  });

  it('with fewer partitions than configured holds up the publish: kafkajs drops such records and says nothing', async () => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    const count = vi.spyOn(harness.parts.metrics, 'count');
    const publisher = harness.publisher({ partitions: 4 });
    const key = Array.from({ length: 100 }, (_, i) => `key:${i}`).find((each) => partitionFor(each, 4) === 3) ?? '';
    let resolved = false;
    const publish = publisher.publish([deleteOf(key, 1)]).then(() => (resolved = true));
    await vi.waitFor(() => expect(count).toHaveBeenCalledWith('sluice_publisher_rebuilds_total', {}), WAIT);
    expect(resolved).toBe(false);
    const admin = await adminOf(harness);
    await admin.createPartitions({ topicPartitions: [{ topic: harness.topic.name, count: 4 }] });
    await publish;
    expect(await harness.topic.kcat('%p %k')).toEqual([`3 ${key}`]);
  });

  it('shows how many records are waiting, also while none of them is taken', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    await harness.publisher().publish(changes(50));
    const { metrics } = harness.parts;
    const labels = { target: 'main', partition: '0' };
    let finish = (): void => undefined;
    const held = new Promise<null>((resolve) => (finish = () => resolve(null)));
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const done = harness.subscription().run(() => held, stop.signal);
    await vi.waitFor(async () => expect(await metrics.value('sluice_consumer_lag_records', labels)).toBe(50), WAIT);
    finish();
    await vi.waitFor(async () => expect(await metrics.value('sluice_consumer_lag_records', labels)).toBe(0), WAIT);
    stop.abort();
    await done;
  });
});
