import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchHandler, PartitionBatch } from '../../../src/ports.ts';
import { InProcessQueue } from '../../../src/transport/in-process-queue.ts';
import { deleteOf, flushOf } from '../../support/invalidations.ts';

function start(
  handler: BatchHandler,
  options: { maxBatchRecords?: number; drainTimeoutMs?: number } = {},
): InProcessQueue {
  const queue = new InProcessQueue({ partitions: 1, ...options });
  const stop = new AbortController();
  const run = queue.run(handler, stop.signal);
  run.catch(() => undefined);
  onTestFinished(async () => {
    stop.abort();
    await run;
  });
  return queue;
}

/** A handler whose batches each end when they are told, by the key of their first item. */
class Gates {
  readonly #open = new Map<string, () => void>();
  readonly begun: string[] = [];

  readonly handle: BatchHandler = async ({ items }, signal) => {
    const [first] = items;
    const key = first?.kind === 'invalidation' ? first.invalidation.key : '';
    this.begun.push(key);
    await new Promise<void>((resolve, reject) => {
      this.#open.set(key, resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return null;
  };

  /** Lets the batch end and everything go on that waited for it. */
  async open(key: string): Promise<void> {
    this.#open.get(key)?.();
    await settle();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

const sizes = (batches: readonly PartitionBatch[]): number[] => batches.map(({ items }) => items.length);

describe('the in-process queue', () => {
  it('hands a lone invalidation out in the same tick, without a timer', async () => {
    const batches: PartitionBatch[] = [];
    const queue = start((batch) => {
      batches.push(batch);
      return Promise.resolve(null);
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
    const handler = async (batch: PartitionBatch): Promise<null> => {
      batches.push(batch);
      await new Promise((resolve) => setImmediate(resolve));
      return null;
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
    const queue = start(() => new Promise((resolve) => (finish = () => resolve(null))));
    const publish = queue.publish([deleteOf('a', 1), deleteOf('a', 2)]);
    expect(queue.depth()).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(queue.depth()).toBe(2);
    finish();
    await publish;
    expect(queue.depth()).toBe(0);
  });

  it('counts what has a remainder until that is finished, and waits for it with close', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const queue = start(() => Promise.resolve({ finished }));
    const publish = queue.publish([deleteOf('a', 1)]);
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await settle();
    expect([queue.depth(), closed]).toEqual([1, false]);
    finish();
    await publish;
    await closing;
    expect(queue.depth()).toBe(0);
  });

  it('names the place in the binlog that an invalidation comes from', async () => {
    const places: string[] = [];
    const queue = start(({ items }) => {
      places.push(...items.map(({ place }) => place));
      return Promise.resolve(null);
    });
    await queue.publish([deleteOf('a', 1)]);
    expect(places).toEqual(['binlog.000001:157']);
  });
});

describe('a flush in the in-process queue', () => {
  const versioned = (key: string) => flushOf(key, 5);
  const plain = (key: string) => flushOf(key, 5, { versioned: false });

  it('waits for everything before it when it is versioned, and holds up nothing', async () => {
    const gates = new Gates();
    const queue = start(gates.handle);
    const before = queue.publish([deleteOf('a', 1)]);
    const flush = queue.publish([versioned('product:*')]);
    await settle();
    const behind = queue.publish([deleteOf('b', 6)]);
    await settle();
    expect(gates.begun).toEqual(['a']);
    await gates.open('a');
    await before;
    expect(gates.begun.sort()).toEqual(['a', 'b', 'product:*']);
    await gates.open('b');
    await behind;
    expect(queue.depth()).toBe(1);
    await gates.open('product:*');
    await flush;
    expect(queue.depth()).toBe(0);
  });

  it('waits for what stands before it in its own publish, too', async () => {
    const gates = new Gates();
    const queue = start(gates.handle);
    const published = queue.publish([deleteOf('a', 1), versioned('product:*'), deleteOf('b', 6)]);
    await settle();
    expect(gates.begun).toEqual(['a']);
    await gates.open('a');
    expect(gates.begun).toEqual(['a', 'product:*']);
    await gates.open('product:*');
    await published;
  });

  it('goes at once when it is not versioned', async () => {
    const gates = new Gates();
    const queue = start(gates.handle);
    void queue.publish([deleteOf('a', 1)]).catch(() => undefined);
    await settle();
    const flush = queue.publish([plain('product:*')]);
    await settle();
    expect(gates.begun).toEqual(['a', 'product:*']);
    await gates.open('product:*');
    await flush;
    await gates.open('a');
  });

  it('keeps its place among flushes: a plain one does not overtake a versioned one', async () => {
    const gates = new Gates();
    const queue = start(gates.handle);
    const all = queue.publish([deleteOf('a', 1), versioned('first:*'), plain('second:*')]);
    await settle();
    expect(gates.begun).toEqual(['a']);
    await gates.open('a');
    expect(gates.begun).toEqual(['a', 'first:*']);
    await gates.open('first:*');
    await all;
  });

  it('is waited for by close, and rejected by a stop that comes before its turn', async () => {
    const gates = new Gates();
    const queue = start(gates.handle);
    const published = queue.publish([deleteOf('a', 1), versioned('product:*')]);
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await settle();
    await gates.open('a');
    expect(closed).toBe(false);
    await gates.open('product:*');
    await Promise.all([published, closing]);

    const stopped = new Gates();
    const another = new InProcessQueue({ partitions: 1 });
    const stop = new AbortController();
    const run = another.run(stopped.handle, stop.signal);
    const first = another.publish([deleteOf('a', 1)]);
    const flush = another.publish([versioned('product:*')]);
    flush.catch(() => undefined);
    await settle();
    stop.abort(new Error('stopped by the test'));
    await stopped.open('a');
    await first;
    await expect(flush).rejects.toThrow('stopped by the test');
    await run;
  });

  it('does not wait for the remainders of what was published before it', async () => {
    const begun: string[] = [];
    const never = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const handle: BatchHandler = ({ items }, signal) => {
      for (const item of items) if (item.kind === 'invalidation') begun.push(item.invalidation.key);
      return Promise.resolve(begun.includes('product:*') ? null : { finished: never(signal) });
    };
    const queue = start(handle, { drainTimeoutMs: 0 });
    void queue.publish([deleteOf('a', 1)]).catch(() => undefined);
    await queue.publish([versioned('product:*')]);
    expect(begun).toEqual(['a', 'product:*']);
  });

  it('that fails rejects its publish, the run and all later publishes', async () => {
    const error = new Error('the worker is broken');
    const queue = new InProcessQueue({ partitions: 2 });
    const run = queue.run(
      ({ partition }) => (partition === 2 ? Promise.reject(error) : Promise.resolve(null)),
      new AbortController().signal,
    );
    run.catch(() => undefined);
    await expect(queue.publish([deleteOf('a', 1), versioned('product:*')])).rejects.toBe(error);
    await expect(run).rejects.toBe(error);
    await expect(queue.publish([versioned('product:*')])).rejects.toBe(error);
    expect(queue.depth()).toBe(0);
  });
});
