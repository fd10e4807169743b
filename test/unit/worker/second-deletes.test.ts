import { describe, expect, it, vi } from 'vitest';
import type { Remainder } from '../../../src/ports.ts';
import { batchOf, deleteOf, flushOf, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { metricLines, workerHarness } from '../../support/worker-harness.ts';

const again = (key: string, version: number, againAfterMs = 1_000) => deleteOf(key, version, { againAfterMs });
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Whether each remainder is finished, asked when everything has settled. */
async function finished(remainders: readonly (Remainder | null)[]): Promise<boolean[]> {
  const flags = remainders.map((remainder) => {
    const flag = { done: remainder === null };
    remainder?.finished.then(
      () => (flag.done = true),
      () => undefined,
    );
    return flag;
  });
  await settle();
  return flags.map(({ done }) => done);
}

describe('a second delete', () => {
  it('takes away what an application stored after the first, and only then is the batch finished', async () => {
    const { worker, cache, clock, metrics, signal } = workerHarness();
    const remainder = await worker.handle(batchOf(again('p', 5)), signal);
    cache.fill('p', 'read before the commit');
    clock.advance(999);
    expect(await finished([remainder])).toEqual([false]);
    expect(cache.read('p')).toBe('read before the commit');
    expect(await metricLines(metrics, 'sluice_second_deletes_pending')).toEqual(['{target="memory"} 1']);
    clock.advance(1);
    await remainder?.finished;
    expect(cache.read('p')).toBeNull();
    expect(await metricLines(metrics, 'sluice_second_deletes_pending')).toEqual(['{target="memory"} 0']);
    expect(await metricLines(metrics, 'sluice_second_deletes_total')).toEqual(['{target="memory"} 1']);
    expect(clock.sleeping).toBe(0);
  });

  it('of no rule leaves nothing to do', async () => {
    const { worker, clock, signal } = workerHarness();
    expect(await worker.handle(batchOf(deleteOf('p', 5)), signal)).toBeNull();
    expect(clock.sleeping).toBe(0);
  });

  it('is told, counted and measured once, when the first one was applied', async () => {
    const told: number[] = [];
    const onApplied = (all: readonly { version: number }[]): null => {
      told.push(...all.map(({ version }) => version));
      return null;
    };
    const { worker, clock, metrics, signal } = workerHarness({ onApplied });
    const remainder = await worker.handle(batchOf(again('p', 5)), signal);
    expect(told).toEqual([5]);
    clock.advance(1_000);
    await remainder?.finished;
    expect(told).toEqual([5]);
    const counted = '{target="memory",rule="product",outcome="applied"} 1';
    expect(await metricLines(metrics, 'sluice_invalidations_total')).toEqual([counted]);
  });

  it('stays versioned: a refresh newer than it survives', async () => {
    const { worker, cache, clock, signal } = workerHarness({ plans: plansOf(planOf()) });
    const remainder = await worker.handle(
      batchOf(deleteOf('card:1', 5, { versioned: true, againAfterMs: 1_000 })),
      signal,
    );
    await worker.handle(batchOf(refreshOf('card:1', 6, { id: 1 })), signal);
    clock.advance(1_000);
    await remainder?.finished;
    expect(cache.read('card:1')).toBe('{"id":1}');
    expect(cache.version('card:1')).toBe(6);
  });

  it('is not needed where a newer version was already there', async () => {
    const { worker, clock, signal } = workerHarness({ plans: plansOf(planOf()) });
    await worker.handle(batchOf(refreshOf('card:1', 6, { id: 1 })), signal);
    const older = deleteOf('card:1', 5, { versioned: true, againAfterMs: 1_000 });
    expect(await worker.handle(batchOf(older), signal)).toBeNull();
    expect(clock.sleeping).toBe(0);
  });

  it('of a key that is deleted all the time happens once per again_after, and nobody waits longer than twice that', async () => {
    const { worker, cache, clock, signal } = workerHarness();
    const begunMs = clock.now();
    const waited: number[] = [];
    const calls: number[] = [];
    const seen = vi.spyOn(cache, 'apply');
    for (let i = 0; i < 1_000; i++) {
      const atMs = clock.now();
      seen.mockClear();
      const remainder = await worker.handle(batchOf(again('hot', i)), signal);
      void remainder?.finished.then(() => waited.push(clock.now() - atMs));
      clock.advance(10);
      await settle();
      // Beside its first delete.
      if (seen.mock.calls.length > 1) calls.push(clock.now() - begunMs);
      expect(clock.sleeping).toBeLessThan(2);
    }
    expect(calls).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000]);
    clock.advance(1_000);
    await settle();
    expect(waited).toHaveLength(1_000);
    expect(Math.min(...waited)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...waited)).toBeLessThanOrEqual(2_000);
  });

  it('of many keys needs one timer, and few calls of the cache', async () => {
    const { worker, cache, clock, signal } = workerHarness();
    const keys = Array.from({ length: 5_000 }, (_, i) => again(`p:${i}`, i));
    const remainder = await worker.handle(batchOf(...keys), signal);
    expect(clock.sleeping).toBe(1);
    cache.calls.length = 0;
    clock.advance(1_000);
    await remainder?.finished;
    expect(cache.calls.map((call) => call.length)).toEqual([2_000, 2_000, 1_000]);
  });

  it('comes for each rule when its own time is over', async () => {
    const { worker, clock, cache, signal } = workerHarness();
    const remainders = [
      await worker.handle(batchOf(again('p', 1, 5_000)), signal),
      await worker.handle(batchOf(again('p', 2, 1_000)), signal),
    ];
    cache.calls.length = 0;
    clock.advance(1_000);
    expect(await finished(remainders)).toEqual([false, true]);
    clock.advance(4_000);
    expect(await finished(remainders)).toEqual([true, true]);
    expect(cache.calls.flat().map(({ version }) => version)).toEqual([2, 1]);
  });

  it('holds the handler up when too many are pending, and not before', async () => {
    const { worker, clock, metrics, signal } = workerHarness({ maxSecondDeletes: 3 });
    const first = await worker.handle(batchOf(again('a', 1), again('b', 2), again('c', 3)), signal);
    let handed = false;
    const second = worker.handle(batchOf(again('d', 4)), signal).then((remainder) => {
      handed = true;
      return remainder;
    });
    await settle();
    expect(handed).toBe(false);
    expect(await metricLines(metrics, 'sluice_second_deletes_pending')).toEqual(['{target="memory"} 4']);
    clock.advance(1_000);
    await first?.finished;
    await (
      await second
    )?.finished;
    expect(handed).toBe(true);
  });

  it('is repeated until the target answers, while everything else goes on', async () => {
    const { worker, cache, clock, metrics, signal } = workerHarness();
    const remainder = await worker.handle(batchOf(again('p', 5)), signal);
    cache.fill('p', 'late');
    cache.unavailable = 'connection refused';
    clock.advance(1_000);
    await settle();
    clock.advance(1_000);
    expect(await finished([remainder])).toEqual([false]);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
    cache.unavailable = null;
    clock.advance(1_000);
    await remainder?.finished;
    expect(cache.read('p')).toBeNull();
    await worker.handle(batchOf(deleteOf('q', 6)), signal);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });

  it('that is cut off rejects with the reason, leaves no timer, and does nothing more', async () => {
    const { worker, cache, clock, stop, signal } = workerHarness();
    const remainder = await worker.handle(batchOf(again('p', 5)), signal);
    cache.calls.length = 0;
    stop.abort(new Error('time is up'));
    await expect(remainder?.finished).rejects.toThrow('time is up');
    await settle();
    expect(clock.sleeping).toBe(0);
    clock.advance(5_000);
    await settle();
    expect(cache.calls).toEqual([]);
  });

  it('that is cut off while the target is dead is not tried again', async () => {
    const { worker, cache, clock, stop, signal } = workerHarness();
    const remainder = await worker.handle(batchOf(again('p', 5)), signal);
    cache.unavailable = 'connection refused';
    clock.advance(1_000);
    await settle();
    stop.abort(new Error('time is up'));
    await expect(remainder?.finished).rejects.toThrow('time is up');
    await settle();
    expect(clock.sleeping).toBe(0);
  });

  it('that one batch no longer waits for is done for another', async () => {
    const { worker, cache, clock, stop, signal } = workerHarness();
    const other = new AbortController();
    const remainders = [
      await worker.handle(batchOf(again('p', 5)), signal),
      await worker.handle(batchOf(again('p', 6)), other.signal),
    ];
    stop.abort(new Error('time is up'));
    cache.fill('p', 'late');
    clock.advance(1_000);
    expect(await finished(remainders)).toEqual([false, true]);
    expect(cache.read('p')).toBeNull();
  });

  it('does not outlive a handler that fails', async () => {
    const letters = { keep: () => Promise.reject(new Error('disk full')), close: () => Promise.resolve() };
    const { worker, clock, signal } = workerHarness({ deadLetters: letters });
    const unreadable = { kind: 'unreadable', raw: '', reason: 'not JSON', place: 't/0@2' } as const;
    const flush = flushOf('card:*', 6, { againAfterMs: 1_000 });
    const items = [...batchOf(again('p', 5), flush).items, unreadable];
    await expect(worker.handle({ partition: 0, items }, signal)).rejects.toThrow('disk full');
    await settle();
    expect(clock.sleeping).toBe(0);
  });

  it('that ends in an error nobody foresaw rejects with it', async () => {
    const { worker, cache, clock, signal } = workerHarness();
    const remainder = await worker.handle(batchOf(again('p', 5)), signal);
    vi.spyOn(cache, 'apply').mockRejectedValue(new TypeError('broken'));
    clock.advance(1_000);
    await expect(remainder?.finished).rejects.toThrow('broken');
  });

  it('takes the key away plainly where the versioned one is refused', async () => {
    const { worker, cache, clock, signal } = workerHarness();
    const remainder = await worker.handle(batchOf(deleteOf('p', 5, { versioned: true, againAfterMs: 1_000 })), signal);
    cache.fill('p', 'late');
    vi.spyOn(cache, 'apply').mockResolvedValueOnce([{ failed: 'OOM' }]);
    clock.advance(1_000);
    await remainder?.finished;
    expect(cache.read('p')).toBeNull();
  });
});

describe('a second flush', () => {
  it('takes away what was stored during the first, and leaves what is newer', async () => {
    const { worker, cache, clock, signal } = workerHarness({ plans: plansOf(planOf()) });
    const remainder = await worker.handle(batchOf(flushOf('card:*', 5, { againAfterMs: 1_000 })), signal);
    cache.fill('card:1', 'late');
    await worker.handle(batchOf(refreshOf('card:2', 6, { id: 2 })), signal);
    clock.advance(1_000);
    await remainder?.finished;
    expect(cache.contents()).toEqual([['card:2', '{"id":2}']]);
  });

  it('serves every partition that waits for it, and is bounded like any other', async () => {
    const { worker, cache, clock, signal } = workerHarness();
    const flush = flushOf('card:*', 5, { againAfterMs: 1_000 });
    const remainders = [];
    for (let partition = 0; partition < 6; partition++) remainders.push(await worker.handle(batchOf(flush), signal));
    cache.flushes.length = 0;
    clock.advance(1_000);
    expect(await finished(remainders)).toEqual([true, true, true, true, true, true]);
    expect(cache.flushes).toHaveLength(1);
  });
});
