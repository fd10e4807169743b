import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Invalidation } from '../../src/model/invalidation.ts';
import type {
  BatchHandler,
  InvalidationPublisher,
  InvalidationSubscription,
  PartitionBatch,
  Remainder,
} from '../../src/ports.ts';
import { deleteOf, flushOf, plain, refreshOf } from '../support/invalidations.ts';

/** A way from publisher to subscription that nobody used before. */
export interface TransportHarness {
  readonly publisher: InvalidationPublisher;
  readonly partitions: number;
  readonly maxBatchRecords: number;
  /** How long a running handler may go on after a stop, ms. */
  readonly drainTimeoutMs: number;
  /** The consuming side; called again, it is the same consumer after a restart. */
  subscription(): InvalidationSubscription;
  close(): Promise<void>;
}

export interface TransportKind {
  readonly name: string;
  /** When `publish` resolves: the records survive the process, or a handler has finished them. */
  readonly publishedMeans: 'durable' | 'applied';
  /** Where a versioned flush is delivered: once behind each partition's earlier records, or once behind all of them. */
  readonly flushedIn: 'every partition' | 'a lane of its own';
  readonly create: () => Promise<TransportHarness>;
}

const WAIT = { timeout: 20_000, interval: 5 };

/** Remembers what a handler was given; `then` is what it does with it. */
class Recorder {
  readonly batches: PartitionBatch[] = [];
  readonly handle: BatchHandler;

  constructor(
    then: (...given: Parameters<BatchHandler>) => Promise<Remainder | null | void> = () => Promise.resolve(),
  ) {
    this.handle = async (batch, signal) => {
      this.batches.push(batch);
      return (await then(batch, signal)) ?? null;
    };
  }

  get invalidations(): Invalidation[] {
    return this.batches.flatMap(({ items }) =>
      items.flatMap((item) => (item.kind === 'invalidation' ? [plain(item.invalidation)] : [])),
    );
  }
}

/** `count` invalidations over `keys` keys; the versions count up. */
function changes(count: number, keys = 7): Invalidation[] {
  return Array.from({ length: count }, (_, i) => deleteOf(`product:${i % keys}`, 1_000 + i));
}

function byPartitionKey(all: readonly Invalidation[]): Map<string, Invalidation[]> {
  const groups = new Map<string, Invalidation[]>();
  for (const each of all) groups.set(each.partitionKey, [...(groups.get(each.partitionKey) ?? []), each]);
  return groups;
}

/** A promise that is settled from outside. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** A handler whose batches are applied at once and finished when the test says so, each by its place in the order of the calls. */
class Remaining extends Recorder {
  readonly finish: ((error?: Error) => void)[];

  constructor() {
    const finish: ((error?: Error) => void)[] = [];
    super((_, signal) => {
      const finished = new Promise<void>((resolve, reject) => {
        finish.push((error) => (error === undefined ? resolve() : reject(error)));
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
      return Promise.resolve({ finished });
    });
    this.finish = finish;
  }
}

/** The promises of InvalidationPublisher and InvalidationSubscription, kept by a pair of them. */
export function describeTransport({ name, publishedMeans, flushedIn, create }: TransportKind): void {
  const start = async () => {
    const harness = await create();
    onTestFinished(() => harness.close());
    /** Starts the consuming side; it is stopped when the test ends. */
    const consume = (handle: BatchHandler) => {
      const stop = new AbortController();
      const done = harness.subscription().run(handle, stop.signal);
      done.catch(() => undefined);
      onTestFinished(async () => {
        stop.abort();
        await done.catch(() => undefined);
      });
      return { stop: () => stop.abort(new Error('stopped by the test')), done };
    };
    return { ...harness, consume };
  };

  describe(`${name} as a transport`, () => {
    test('delivers every invalidation as it was published, each partition key in the order of the calls', async () => {
      const { publisher, consume } = await start();
      const published = [
        ...changes(500),
        refreshOf('card:ünï✓', 2_000, { id: 1, name: 'a "quoted"\n✓', price: '1.10', tags: [1, null, { deep: true }] }),
        refreshOf('card:2', 2_001, null, { partitionKey: 'cards' }),
        deleteOf('card:3', 2_002, { partitionKey: 'cards', versioned: true }),
      ];
      const recorder = new Recorder();
      consume(recorder.handle);
      for (let i = 0; i < published.length; i += 50) void publisher.publish(published.slice(i, i + 50));
      await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(published.length), WAIT);
      expect(byPartitionKey(recorder.invalidations)).toEqual(byPartitionKey(published));
    });

    test('delivers a partition key always in the same partition, and says where', async () => {
      const { publisher, consume, partitions } = await start();
      const recorder = new Recorder();
      consume(recorder.handle);
      await publisher.publish(changes(100, 10));
      await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(100), WAIT);
      const partitionsOf = new Map<string, Set<number>>();
      for (const { partition, items } of recorder.batches) {
        expect(partition).toBeLessThan(partitions);
        for (const item of items) {
          expect(item.place).not.toBe('');
          if (item.kind === 'invalidation') {
            const key = item.invalidation.partitionKey;
            partitionsOf.set(key, (partitionsOf.get(key) ?? new Set()).add(partition));
          }
        }
      }
      expect([...partitionsOf.values()].map((seen) => seen.size)).toEqual(Array.from({ length: 10 }, () => 1));
    });

    test('never hands out two batches of one partition at once, nor more records than configured', async () => {
      const { publisher, consume, maxBatchRecords } = await start();
      const busy = new Set<number>();
      const recorder = new Recorder(async ({ partition, items }) => {
        expect(busy.has(partition)).toBe(false);
        expect(items.length).toBeLessThanOrEqual(maxBatchRecords);
        busy.add(partition);
        await new Promise((resolve) => setImmediate(resolve));
        busy.delete(partition);
      });
      const { done } = consume(recorder.handle);
      const all = changes(10 * maxBatchRecords, 3);
      for (let i = 0; i < all.length; i += 20) void publisher.publish(all.slice(i, i + 20));
      const finished = vi.waitFor(() => expect(recorder.invalidations).toHaveLength(all.length), WAIT);
      await Promise.race([finished, done]);
      expect(recorder.invalidations).toHaveLength(all.length);
    });

    test('delivers a versioned flush after everything published before it, and loses nothing behind it', async () => {
      const { publisher, consume, partitions } = await start();
      const flush = flushOf('product:*', 2_000);
      const [before, behind] = [
        changes(200, 40),
        changes(200, 40).map((each) => ({ ...each, version: each.version + 5_000 })),
      ];
      /** What was finished when each batch with the flush began, and the partition of that batch. */
      const finished = new Map<number, Set<number>>();
      const flushes: { partition: number; finishedHere: number; finishedAll: number }[] = [];
      const seen: Invalidation[] = [];
      const handle: BatchHandler = async ({ partition, items }) => {
        const here = finished.get(partition) ?? new Set();
        finished.set(partition, here);
        await new Promise((resolve) => setImmediate(resolve));
        for (const item of items) {
          if (item.kind !== 'invalidation') continue;
          seen.push(item.invalidation);
          if (item.invalidation.action !== 'flush') here.add(item.invalidation.version);
          else {
            expect(item.invalidation).toEqual(flush);
            const all = [...finished.values()]
              .flatMap((versions) => [...versions])
              .filter((version) => version < 2_000);
            flushes.push({
              partition,
              finishedHere: [...here].filter((version) => version < 2_000).length,
              finishedAll: all.length,
            });
          }
        }
        return null;
      };
      consume(handle);
      const published = [publisher.publish(before.slice(0, 150))];
      published.push(publisher.publish([...before.slice(150), flush, ...behind.slice(0, 50)]));
      published.push(publisher.publish(behind.slice(50)));
      await Promise.all(published);
      const copies = flushedIn === 'every partition' ? partitions : 1;
      await vi.waitFor(() => expect(seen).toHaveLength(400 + copies), WAIT);

      const ordinary = seen.filter(({ action }) => action !== 'flush');
      expect(byPartitionKey(ordinary)).toEqual(byPartitionKey([...before, ...behind]));
      expect(flushes).toHaveLength(copies);
      if (flushedIn === 'a lane of its own') expect(flushes[0]?.finishedAll).toBe(200);
      else {
        // Each copy stands behind all that was published before it in its partition.
        expect(new Set(flushes.map(({ partition }) => partition)).size).toBe(partitions);
        expect(flushes.reduce((sum, { finishedHere }) => sum + finishedHere, 0)).toBe(200);
      }
    });

    test('delivers a flush that is not versioned once, in the order of the flushes of its rule', async () => {
      const { publisher, consume } = await start();
      const flushes = [1, 2, 3].map((version) => flushOf('product:*', version, { versioned: false }));
      const recorder = new Recorder();
      consume(recorder.handle);
      await publisher.publish([...changes(10), ...flushes.slice(0, 2)]);
      await publisher.publish(flushes.slice(2));
      await publisher.publish(changes(10));
      await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(23), WAIT);
      expect(recorder.invalidations.filter(({ action }) => action === 'flush')).toEqual(flushes);
    });

    test(`resolves a publish when it is ${publishedMeans}`, async () => {
      const { publisher, consume } = await start();
      const finish = gate();
      const recorder = new Recorder(() => finish.opened);
      let resolved = false;
      const publish = publisher.publish(changes(10)).then(() => (resolved = true));
      if (publishedMeans === 'durable') {
        await publish;
        consume(recorder.handle);
      } else {
        consume(recorder.handle);
        await vi.waitFor(() => expect(recorder.batches.length).toBeGreaterThan(0), WAIT);
        expect(resolved).toBe(false);
        finish.open();
        await publish;
      }
      finish.open();
      await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(10), WAIT);
    });

    test('takes an empty batch without waiting for anything', async () => {
      const { publisher } = await start();
      await expect(publisher.publish([])).resolves.toBeUndefined();
    });

    test('rejects the run with the very error of the handler', async () => {
      const { publisher, consume } = await start();
      const error = new TypeError('the worker is broken');
      const { done } = consume(() => Promise.reject(error));
      void publisher.publish(changes(10)).catch(() => undefined);
      await expect(done).rejects.toBe(error);
    });

    test('lets a running handler finish when stopped, and hands out nothing more', async () => {
      const { publisher, consume, maxBatchRecords } = await start();
      const finish = gate();
      let signalAtEnd: AbortSignal | undefined;
      const recorder = new Recorder(async (_, signal) => {
        await finish.opened;
        signalAtEnd = signal;
      });
      // All of one key: batches enough for several calls, one after the other.
      void publisher.publish(changes(4 * maxBatchRecords, 1)).catch(() => undefined);
      const { stop, done } = consume(recorder.handle);
      await vi.waitFor(() => expect(recorder.batches).toHaveLength(1), WAIT);
      stop();
      finish.open();
      await expect(done).resolves.toBeUndefined();
      expect(signalAtEnd?.aborted).toBe(false);
      expect(recorder.batches).toHaveLength(1);
    });

    test('aborts the signal of a handler that does not finish in time, and does not take that for a failure', async () => {
      const { publisher, consume, drainTimeoutMs } = await start();
      let abortedAfterMs = 0;
      const recorder = new Recorder(async (_, signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        abortedAfterMs = performance.now() - stoppedAt;
        throw signal.reason;
      });
      const { stop, done } = consume(recorder.handle);
      void publisher.publish(changes(1)).catch(() => undefined);
      await vi.waitFor(() => expect(recorder.batches).toHaveLength(1), WAIT);
      const stoppedAt = performance.now();
      stop();
      await expect(done).resolves.toBeUndefined();
      expect(abortedAfterMs).toBeGreaterThan(drainTimeoutMs * 0.9);
    });

    test('resolves at once when it is stopped before it began', async () => {
      const harness = await start();
      await expect(
        harness.subscription().run(() => Promise.resolve(null), AbortSignal.abort()),
      ).resolves.toBeUndefined();
    });

    test('hands out the next batches while remainders are pending', async () => {
      const { publisher, consume, maxBatchRecords } = await start();
      const recorder = new Remaining();
      consume(recorder.handle);
      const all = changes(5 * maxBatchRecords, 1);
      void publisher.publish(all).catch(() => undefined);
      await vi.waitFor(() => expect(recorder.invalidations).toEqual(all), WAIT);
      expect(recorder.batches.length).toBeGreaterThan(4);
    });

    test('waits for remainders when stopped', async () => {
      const { publisher, consume } = await start();
      const recorder = new Remaining();
      const { stop, done } = consume(recorder.handle);
      void publisher.publish(changes(1)).catch(() => undefined);
      await vi.waitFor(() => expect(recorder.finish).toHaveLength(1), WAIT);
      let ended = false;
      void done.then(() => (ended = true));
      stop();
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(false);
      recorder.finish[0]?.();
      await expect(done).resolves.toBeUndefined();
    });

    test('cuts a remainder off that does not finish in time, and does not take that for a failure', async () => {
      const { publisher, consume, drainTimeoutMs } = await start();
      const recorder = new Remaining();
      const { stop, done } = consume(recorder.handle);
      void publisher.publish(changes(1)).catch(() => undefined);
      await vi.waitFor(() => expect(recorder.finish).toHaveLength(1), WAIT);
      const stoppedAt = performance.now();
      stop();
      await expect(done).resolves.toBeUndefined();
      expect(performance.now() - stoppedAt).toBeGreaterThan(drainTimeoutMs * 0.9);
    });

    test('rejects the run with the very error of a remainder', async () => {
      const { publisher, consume } = await start();
      const recorder = new Remaining();
      const { done } = consume(recorder.handle);
      void publisher.publish(changes(1)).catch(() => undefined);
      await vi.waitFor(() => expect(recorder.finish).toHaveLength(1), WAIT);
      const error = new TypeError('the second delete is broken');
      recorder.finish[0]?.(error);
      await expect(done).rejects.toBe(error);
    });

    if (publishedMeans === 'durable') {
      test('delivers again from the oldest batch whose remainder was not finished', async () => {
        const { publisher, consume, maxBatchRecords } = await start();
        const all = changes(6 * maxBatchRecords, 1);
        await publisher.publish(all);
        const first = new Remaining();
        const { stop, done } = consume(first.handle);
        await vi.waitFor(() => expect(first.invalidations).toEqual(all), WAIT);
        // All but the third, the youngest first.
        const others = [...first.finish.keys()].filter((index) => index !== 2).reverse();
        for (const index of others) first.finish[index]?.();
        stop();
        await done;
        const finished = first.batches.slice(0, 2).reduce((sum, { items }) => sum + items.length, 0);
        const second = new Recorder();
        consume(second.handle);
        await vi.waitFor(() => expect(second.invalidations).toEqual(all.slice(finished)), WAIT);
      });
    } else {
      test('resolves a publish when its remainders are finished, whatever those before it do', async () => {
        const { publisher, consume } = await start();
        const recorder = new Remaining();
        const { stop, done } = consume(recorder.handle);
        const resolved: string[] = [];
        const first = publisher.publish(changes(1));
        first.then(
          () => resolved.push('first'),
          () => undefined,
        );
        await vi.waitFor(() => expect(recorder.finish).toHaveLength(1), WAIT);
        const second = publisher.publish(changes(1)).then(() => resolved.push('second'));
        await vi.waitFor(() => expect(recorder.finish).toHaveLength(2), WAIT);
        await new Promise((resolve) => setImmediate(resolve));
        expect(resolved).toEqual([]);
        recorder.finish[1]?.();
        await second;
        expect(resolved).toEqual(['second']);
        stop();
        await expect(first).rejects.toThrow('stopped by the test');
        await done;
      });
    }

    if (publishedMeans === 'durable') {
      test('delivers again what was not finished before a restart, and nothing that was', async () => {
        const { publisher, consume } = await start();
        await publisher.publish(changes(40, 1));
        const finished: Invalidation[] = [];
        const first = new Recorder(({ items }) => {
          if (first.batches.length > 2) return Promise.reject(new Error('cannot go on'));
          for (const item of items) if (item.kind === 'invalidation') finished.push(item.invalidation);
          return Promise.resolve();
        });
        await expect(consume(first.handle).done).rejects.toThrow('cannot go on');
        expect(finished.length).toBeGreaterThan(0);
        const second = new Recorder();
        consume(second.handle);
        await vi.waitFor(() => expect(finished.length + second.invalidations.length).toBe(40), WAIT);
        expect([...finished, ...second.invalidations]).toEqual(changes(40, 1));
      });

      test('delivers what was published before the first consumer started', async () => {
        const { publisher, consume } = await start();
        await publisher.publish(changes(25));
        await publisher.close();
        const recorder = new Recorder();
        consume(recorder.handle);
        await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(25), WAIT);
      });
    } else {
      test('rejects the publishes that a failed handler leaves unfinished, and all later ones', async () => {
        const { publisher, consume } = await start();
        const error = new Error('the worker is broken');
        consume(() => Promise.reject(error));
        await expect(publisher.publish(changes(10))).rejects.toBe(error);
        await expect(publisher.publish(changes(10))).rejects.toBe(error);
      });

      test('rejects the publishes that a stop leaves unfinished', async () => {
        const { publisher, consume } = await start();
        const finish = gate();
        const recorder = new Recorder(() => finish.opened);
        const { stop, done } = consume(recorder.handle);
        const first = publisher.publish(changes(1));
        await vi.waitFor(() => expect(recorder.batches).toHaveLength(1), WAIT);
        const second = publisher.publish(changes(1));
        stop();
        finish.open();
        await expect(first).resolves.toBeUndefined();
        await expect(second).rejects.toThrow('stopped by the test');
        await done;
      });
    }

    test('waits with close for what is in flight, and takes nothing afterwards', async () => {
      const { publisher, consume } = await start();
      const recorder = new Recorder();
      const settled: string[] = [];
      const publish = publisher.publish(changes(30)).then(() => settled.push('published'));
      consume(recorder.handle);
      await publisher.close();
      settled.push('closed');
      await publish;
      expect(settled).toEqual(['published', 'closed']);
      await expect(publisher.publish(changes(1))).rejects.toThrow();
      await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(30), WAIT);
    });
  });
}
