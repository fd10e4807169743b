import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchHandler, PartitionBatch } from '../../../src/ports.ts';
import { InProcessQueue } from '../../../src/transport/in-process-queue.ts';
import { deleteOf } from '../../support/invalidations.ts';

function start(handler: BatchHandler, options: { maxBatchRecords?: number } = {}): InProcessQueue {
  const queue = new InProcessQueue({ partitions: 1, ...options });
  const stop = new AbortController();
  const run = queue.run(handler, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await run;
  });
  return queue;
}

const sizes = (batches: readonly PartitionBatch[]): number[] => batches.map(({ items }) => items.length);

describe('the in-process queue', () => {
  it('hands a lone invalidation out in the same tick, without a timer', async () => {
    const batches: PartitionBatch[] = [];
    const queue = start((batch) => {
      batches.push(batch);
      return Promise.resolve();
    });
    await Promise.resolve();
    let ticked = false;
    setImmediate(() => (ticked = true));
    await queue.publish([deleteOf('a', 1)]);
    expect(ticked).toBe(false);
    expect(sizes(batches)).toEqual([1]);
  });

  it('takes everything that came while it was busy as one batch, up to the bound', async () => {
    const batches: PartitionBatch[] = [];
    const handler = async (batch: PartitionBatch): Promise<void> => {
      batches.push(batch);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const queue = start(handler, { maxBatchRecords: 10 });
    const published = [queue.publish([deleteOf('a', 0)])];
    await Promise.resolve();
    for (let i = 1; i <= 25; i++) published.push(queue.publish([deleteOf('a', i)]));
    await Promise.all(published);
    expect(sizes(batches)).toEqual([1, 10, 10, 5]);
  });

  it('counts what is published and not finished', async () => {
    let finish = (): void => undefined;
    const queue = start(() => new Promise((resolve) => (finish = resolve)));
    const publish = queue.publish([deleteOf('a', 1), deleteOf('a', 2)]);
    expect(queue.depth()).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(queue.depth()).toBe(2);
    finish();
    await publish;
    expect(queue.depth()).toBe(0);
  });

  it('names the place in the binlog that an invalidation comes from', async () => {
    const places: string[] = [];
    const queue = start(({ items }) => {
      places.push(...items.map(({ place }) => place));
      return Promise.resolve();
    });
    await queue.publish([deleteOf('a', 1)]);
    expect(places).toEqual(['binlog.000001:157']);
  });
});
