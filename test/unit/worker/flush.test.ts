import { describe, expect, it } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { Cache } from '../../../src/ports.ts';
import { batchOf, deleteOf, epochOf, flushOf, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { metricLines, workerHarness } from '../../support/worker-harness.ts';

const plans = plansOf(planOf());

/** A flush of the cache that ends when it is told. */
function held(cache: { heldFlush: Promise<void> | null }): () => void {
  let release = (): void => undefined;
  cache.heldFlush = new Promise((resolve) => (release = resolve));
  return () => {
    cache.heldFlush = null;
    release();
  };
}

describe('a worker with a flush in its batch', () => {
  it('applies what came before, then flushes, then applies the rest', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    cache.fill('card:7', 'of the application');
    await worker.handle(
      batchOf(
        refreshOf('card:1', 1, { id: 1 }),
        refreshOf('card:2', 2, { id: 2 }),
        flushOf('card:*', 3),
        refreshOf('card:1', 4, { id: 1 }),
      ),
      signal,
    );
    expect(cache.contents()).toEqual([['card:1', '{"id":1}']]);
    expect(cache.calls.map((commands) => commands.map(({ key }) => key))).toEqual([['card:1', 'card:2'], ['card:1']]);
    expect(cache.version('card:2')).toBe(3);
  });

  it('takes all keys away for records that were lost, and leaves their versions as they are', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    await worker.handle(
      batchOf(refreshOf('card:1', 9, { id: 1 }), flushOf('card:*', 5, { versioned: false, reason: 'gap' })),
      signal,
    );
    expect(cache.contents()).toEqual([]);
    expect(cache.version('card:1')).toBe(9);
    expect(cache.flushes).toEqual([{ pattern: 'card:*', version: 5, versioned: false, forced: false }]);
  });

  it('flushes once for several flushes of the same keys, at the place of the last and with the newest version', async () => {
    const { worker, cache, metrics, signal } = workerHarness({ plans });
    const batch = batchOf(
      flushOf('card:*', 5),
      refreshOf('card:1', 4, { id: 1 }),
      flushOf('card:*', 3),
      flushOf('list:*', 6),
    );
    await worker.handle(batch, signal);
    expect(cache.contents()).toEqual([]);
    expect(cache.version('card:1')).toBe(5);
    expect(cache.flushes).toEqual([
      { pattern: 'card:*', version: 5, versioned: true, forced: false },
      { pattern: 'list:*', version: 6, versioned: true, forced: false },
    ]);
    expect((await metricLines(metrics, 'sluice_invalidations_total')).sort()).toEqual([
      '{target="memory",rule="card",outcome="applied"} 1',
      '{target="memory",rule="card",outcome="coalesced"} 1',
      '{target="memory",rule="card",outcome="flushed"} 2',
    ]);
  });

  it('does not let a plain flush stand in for a versioned one', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    await worker.handle(batchOf(flushOf('card:*', 1), flushOf('card:*', 2, { versioned: false })), signal);
    expect(cache.flushes.map(({ versioned }) => versioned)).toEqual([true, false]);
  });

  it('counts flushes and keys, says when it is done, and tells the hook in order', async () => {
    const told: (readonly Invalidation[])[] = [];
    const onApplied = (invalidations: readonly Invalidation[]) => (told.push(invalidations), null);
    const { worker, cache, metrics, log, signal } = workerHarness({ plans, onApplied });
    for (let i = 0; i < 5; i++) cache.fill(`card:${i}`, 'stale');
    const all = [deleteOf('a', 1), flushOf('card:*', 2), deleteOf('b', 3)];
    await worker.handle(batchOf(...all), signal);
    expect(await metricLines(metrics, 'sluice_flushes_total')).toEqual([
      '{target="memory",rule="card",reason="truncate"} 1',
    ]);
    expect(await metricLines(metrics, 'sluice_flushed_keys_total')).toEqual(['{target="memory",rule="card"} 5']);
    expect(await metricLines(metrics, 'sluice_flush_running')).toEqual(['{target="memory"} 0']);
    expect(log).toEqual([{ level: 'info', message: 'keys flushed' }]);
    expect(told).toEqual(all.map((each) => [each]));
  });

  it('says how far a long flush is, every few seconds, whatever the wall clock says', async () => {
    const { worker, cache, clock, log, metrics, signal } = workerHarness({ plans });
    cache.flush = async (_, onProgress) => {
      for (let step = 1; step <= 12; step++) {
        clock.advance(1_000);
        clock.set(-3_600_000);
        onProgress({ scannedKeys: step * 10, removedKeys: step });
      }
      expect(await metricLines(metrics, 'sluice_flush_running')).toEqual(['{target="memory"} 1']);
      return { scannedKeys: 120, removedKeys: 12 };
    };
    await worker.handle(batchOf(flushOf('card:*', 2)), signal);
    expect(log.map(({ message }) => message)).toEqual(['flushing keys', 'flushing keys', 'keys flushed']);
    expect(await metricLines(metrics, 'sluice_flushed_keys_total')).toEqual(['{target="memory",rule="card"} 12']);
  });

  it('repeats the whole flush until the target answers', async () => {
    const { worker, cache, clock, metrics, signal } = workerHarness({ plans });
    cache.fill('card:1', 'stale');
    cache.unavailable = 'down';
    const finished = worker.handle(batchOf(flushOf('card:*', 1)), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
    cache.unavailable = null;
    clock.advance(1_000);
    await finished;
    expect(cache.flushes).toHaveLength(2);
    expect(cache.contents()).toEqual([]);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });

  it('fails with an error nobody foresaw, and flushes again when it comes again', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    const flush = cache.flush.bind(cache);
    cache.flush = () => Promise.reject(new TypeError('a bug'));
    await expect(worker.handle(batchOf(flushOf('card:*', 1)), signal)).rejects.toThrow('a bug');
    cache.flush = flush;
    await worker.handle(batchOf(flushOf('card:*', 1)), signal);
    expect(cache.flushes).toHaveLength(1);
  });

  it('sets the epoch of a table to the version of the change, without expiry and never back', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    await worker.handle(batchOf(epochOf('shop.products', 7), epochOf('shop.products', 9)), signal);
    await worker.handle(batchOf(epochOf('shop.products', 8)), signal);
    expect(cache.read('sluice:epoch:shop.products')).toBe('9');
    expect(cache.ttlMs('sluice:epoch:shop.products')).toBeNull();
  });
});

describe('a worker whose partitions bring the same flush', () => {
  const PARTITIONS = [0, 1, 2, 3, 4];
  /** Each partition has written a key of its own before. */
  const partitionBatch = (partition: number, version = 100) => ({
    ...batchOf(refreshOf(`card:${partition}`, partition + 1, { id: partition }), flushOf('card:*', version)),
    partition,
  });
  /** Lets everything go on that waits for nothing from outside. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('scans for the first, and once more for all that came while that ran', async () => {
    const { worker, cache, metrics, signal } = workerHarness({ plans });
    const release = held(cache);
    const first = worker.handle(partitionBatch(0), signal);
    await expect.poll(() => cache.flushes.length).toBe(1);
    const others = PARTITIONS.slice(1).map((partition) => worker.handle(partitionBatch(partition), signal));
    await settle();
    expect(cache.flushes).toHaveLength(1);
    release();
    await Promise.all([first, ...others]);
    expect(cache.flushes).toHaveLength(2);
    expect(cache.contents()).toEqual([]);
    expect(await metricLines(metrics, 'sluice_flushes_total')).toEqual([
      '{target="memory",rule="card",reason="truncate"} 2',
    ]);
  });

  it('never lets one that comes during a scan be content with that scan', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    const scans: (() => void)[] = [];
    cache.flush = () => new Promise((resolve) => scans.push(() => resolve({ scannedKeys: 0, removedKeys: 0 })));
    let secondDone = false;
    const first = worker.handle(partitionBatch(0), signal);
    await expect.poll(() => scans.length).toBe(1);
    const second = worker.handle(partitionBatch(1), signal).then(() => (secondDone = true));
    await settle();
    scans[0]?.();
    await first;
    await expect.poll(() => scans.length).toBe(2);
    expect(secondDone).toBe(false);
    scans[1]?.();
    await second;
  });

  it('takes the newest version of those that wait together', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    const release = held(cache);
    const all = [worker.handle(partitionBatch(0, 100), signal)];
    await expect.poll(() => cache.flushes.length).toBe(1);
    all.push(
      worker.handle(partitionBatch(1, 200), signal),
      worker.handle(partitionBatch(2, 300), signal),
      worker.handle(partitionBatch(3, 250), signal),
    );
    await settle();
    release();
    await Promise.all(all);
    expect(cache.flushes.map(({ version }) => version)).toEqual([100, 300]);
  });

  it('lets a plain flush of the same table change share a scan that runs already', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    const release = held(cache);
    const plain = (version: number) => batchOf(flushOf('card:*', version, { versioned: false }));
    const all = [worker.handle(plain(1), signal)];
    await expect.poll(() => cache.flushes.length).toBe(1);
    all.push(worker.handle(plain(1), signal), worker.handle(plain(2), signal));
    await settle();
    release();
    await Promise.all(all);
    expect(cache.flushes.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('never runs two flushes at once, whatever their keys', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    let running = 0;
    const flush = cache.flush.bind(cache);
    const checked: Cache['flush'] = async (...args) => {
      expect(++running).toBe(1);
      await settle();
      running--;
      return flush(...args);
    };
    cache.flush = checked;
    await Promise.all(['a', 'b', 'c'].map((name) => worker.handle(batchOf(flushOf(`${name}:*`, 1)), signal)));
    expect(cache.flushes).toHaveLength(3);
  });

  it('goes on for the others when one partition is taken away', async () => {
    const { worker, cache, signal } = workerHarness({ plans });
    const release = held(cache);
    const taken = new AbortController();
    const first = worker.handle(partitionBatch(0), taken.signal);
    const shared = new AbortController();
    await expect.poll(() => cache.flushes.length).toBe(1);
    const second = worker.handle(partitionBatch(1), shared.signal);
    const third = worker.handle(partitionBatch(2), signal);
    await settle();
    taken.abort(new Error('taken away'));
    shared.abort(new Error('taken away too'));
    await expect(first).rejects.toThrow('taken away');
    await expect(second).rejects.toThrow('taken away too');
    release();
    await third;
    expect(cache.contents()).toEqual([]);
  });

  it('stops a scan that nobody waits for any more, and does not begin one', async () => {
    const { worker, cache } = workerHarness({ plans });
    const stop = new AbortController();
    let aborted: unknown;
    cache.flush = (request, _, signal) => {
      cache.flushes.push(request);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = signal.reason;
          reject(signal.reason as Error);
        });
      });
    };
    const all = [0, 1].map((partition) => worker.handle(partitionBatch(partition), stop.signal));
    await expect.poll(() => cache.flushes.length).toBe(1);
    await settle();
    const reason = new Error('time is up');
    stop.abort(reason);
    for (const each of all) await expect(each).rejects.toBe(reason);
    expect(aborted).toBe(reason);
    await settle();
    expect(cache.flushes).toHaveLength(1);
  });
});
