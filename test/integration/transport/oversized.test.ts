import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { decodeRecord } from '../../../src/transport/record-decoder.ts';
import { deleteOf, refreshOf } from '../../support/invalidations.ts';
import { KafkaHarness } from './kafka-harness.ts';

const KIB = 1024;

async function limitTo(harness: KafkaHarness, bytes: number): Promise<void> {
  const admin = new Kafka({ brokers: [...harness.connection.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  const configEntries = [{ name: 'max.message.bytes', value: String(bytes) }];
  // 2: ConfigResourceTypes.TOPIC
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: harness.topic.name, configEntries }] });
}

async function published(harness: KafkaHarness): Promise<Invalidation[]> {
  return (await harness.topic.kcat('%k %s')).map((line) => {
    const [key, value] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    const item = decodeRecord({ key: Buffer.from(key), value: Buffer.from(value) }, '');
    if (item.kind === 'unreadable') throw new Error(item.reason);
    return item.invalidation;
  });
}

const row = (bytes: number): Record<string, string> => ({ id: '1', text: 'x'.repeat(bytes) });
const instead = (key: string, version: number) => ({ action: 'delete', key, version, versioned: true, rule: 'card' });

describe('a record that is too large for its topic', () => {
  it('becomes a delete of the same key and version, is counted, and the others go on in their order', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    const count = vi.spyOn(harness.parts.metrics, 'count');
    await limitTo(harness, 100 * KIB);
    const publisher = harness.publisher();
    await publisher.publish([
      deleteOf('a', 1),
      refreshOf('b', 2, row(200 * KIB)),
      refreshOf('c', 3, row(10)),
      refreshOf('d', 4, row(64 * KIB * KIB)),
      deleteOf('e', 5),
    ]);
    const found = await published(harness);
    expect(found.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(found[1]).toMatchObject(instead('b', 2));
    expect(found[2]).toMatchObject({ action: 'refresh', row: { columns: row(10) } });
    expect(found[3]).toMatchObject(instead('d', 4));
    expect(count.mock.calls.filter(([name]) => name === 'sluice_oversized_refreshes_total')).toHaveLength(2);
  });

  it('is one only above the limit: just below it a refresh passes as it is', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    await limitTo(harness, 100 * KIB);
    const publisher = harness.publisher();
    const bytes = 100 * KIB - 1_000;
    await publisher.publish([refreshOf('a', 1, row(bytes))]);
    expect(await published(harness)).toMatchObject([{ action: 'refresh' }]);
  });

  it('is replaced although the limit was lowered while the publisher runs', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    const publisher = harness.publisher();
    await publisher.publish([deleteOf('a', 1)]);
    await limitTo(harness, 100 * KIB);
    await vi.waitFor(
      async () => {
        await publisher.publish([refreshOf('b', 2, row(200 * KIB))]);
        expect((await published(harness)).at(-1)).toMatchObject(instead('b', 2));
      },
      { timeout: 30_000, interval: 200 },
    );
  });

  it('fails for good only when not even the delete fits', async () => {
    const harness = await KafkaHarness.open({ partitions: 1 });
    await limitTo(harness, 4 * KIB);
    const publish = harness.publisher().publish([refreshOf('k'.repeat(10 * KIB), 1, row(10 * KIB))]);
    await expect(publish).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
  });
});
