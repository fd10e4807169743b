import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/runtime/errors.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { batchOf, delivered, deleteOf, ORIGIN, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { metricLines, readerOf, workerHarness } from '../../support/worker-harness.ts';

const card = plansOf(planOf());
const queryCard = plansOf(planOf({ from: { kind: 'query', sql: 'SELECT … WHERE id = ?', parameters: ['id'] } }));

describe('a worker', () => {
  it('deletes and refreshes the keys of a batch in one call of the cache', async () => {
    const { worker, cache, signal, clock } = workerHarness({ plans: card });
    cache.fill('product:1', 'stale');
    cache.fill('card:1', 'stale');
    await worker.handle(batchOf(deleteOf('product:1', 1), refreshOf('card:1', 1, { id: 1 })), signal);
    expect(cache.contents()).toEqual([['card:1', '{"id":1}']]);
    expect(cache.ttlMs('card:1')).toBe(600_000);
    expect(cache.calls).toHaveLength(1);
    clock.advance(600_001);
    expect(cache.read('card:1')).toBeNull();
  });

  it('waits for nothing before the cache when every value stands in its record', async () => {
    const { worker, cache, signal } = workerHarness({ plans: card });
    const handled = worker.handle(batchOf(deleteOf('product:1', 1), refreshOf('card:1', 1, { id: 1 })), signal);
    expect(cache.calls).toHaveLength(1);
    await handled;
  });

  it('counts every record once, by rule and outcome', async () => {
    const { worker, metrics, signal } = workerHarness({ plans: card });
    await worker.handle(batchOf(refreshOf('card:1', 9, { id: 1 })), signal);
    await worker.handle(
      batchOf(
        deleteOf('product:1', 5),
        deleteOf('product:1', 6),
        deleteOf('product:2', 7),
        refreshOf('card:1', 8, { id: 1 }),
        refreshOf('unknown:1', 8, { id: 1 }, { rule: 'of-tomorrow' }),
      ),
      signal,
    );
    expect((await metricLines(metrics, 'sluice_invalidations_total')).sort()).toEqual([
      '{target="memory",rule="card",outcome="applied"} 1',
      '{target="memory",rule="card",outcome="newer"} 1',
      '{target="memory",rule="of-tomorrow",outcome="unknown_rule"} 1',
      '{target="memory",rule="product",outcome="applied"} 2',
      '{target="memory",rule="product",outcome="coalesced"} 1',
    ]);
  });

  it('observes the delays of the oldest and the newest record of a batch', async () => {
    const { worker, metrics, signal, clock } = workerHarness();
    const at = (commitTimeMs: number) => ({ origin: { ...ORIGIN, commitTimeMs, captureTimeMs: commitTimeMs + 500 } });
    const nowMs = clock.now();
    const times = [nowMs - 3_000, nowMs - 2_000, nowMs + 9_000];
    await worker.handle(batchOf(...times.map((time, i) => deleteOf(`product:${i}`, i, at(time)))), signal);
    expect(await metricLines(metrics, 'sluice_invalidation_delay_seconds_sum')).toEqual(['{target="memory"} 3']);
    expect(await metricLines(metrics, 'sluice_apply_delay_seconds_sum')).toEqual(['{target="memory"} 2.5']);
    expect(await metricLines(metrics, 'sluice_apply_delay_seconds_count')).toEqual(['{target="memory"} 2']);
  });

  it('tells what it finished to the hook, in order and coalesced ones too', async () => {
    const told: (readonly Invalidation[])[] = [];
    const { worker, signal } = workerHarness({ onApplied: (invalidations) => (told.push(invalidations), null) });
    const invalidations = [deleteOf('a', 1), deleteOf('b', 2), deleteOf('a', 3)];
    await worker.handle(batchOf(...invalidations), signal);
    expect(told).toEqual([invalidations]);
  });

  it('does not finish before the hook has room again, unless it is stopped', async () => {
    let makeRoom = (): void => undefined;
    const room = new Promise<void>((resolve) => (makeRoom = resolve));
    const { worker, cache, signal } = workerHarness({ onApplied: () => room });
    cache.fill('a', 'stale');
    let finished = false;
    const handled = worker.handle(batchOf(deleteOf('a', 1)), signal).then(() => (finished = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(cache.read('a')).toBeNull();
    expect(finished).toBe(false);
    const stop = new AbortController();
    const stopped = worker.handle(batchOf(deleteOf('b', 2)), stop.signal);
    stop.abort(new Error('its time is up'));
    await expect(stopped).rejects.toThrow('its time is up');
    makeRoom();
    await handled;
    expect(finished).toBe(true);
  });

  it('does nothing for an empty batch', async () => {
    const { worker, cache, signal } = workerHarness();
    await worker.handle(batchOf(), signal);
    expect(cache.calls).toEqual([]);
  });

  it('an old record applied after a newer one changes nothing', async () => {
    const { worker, cache, signal } = workerHarness({ plans: card });
    await worker.handle(batchOf(refreshOf('card:1', 5, { price: 5 })), signal);
    await worker.handle(batchOf(refreshOf('card:1', 4, { price: 4 })), signal);
    expect(cache.read('card:1')).toBe('{"price":5}');
    await worker.handle(batchOf(refreshOf('card:1', 6, null)), signal);
    await worker.handle(batchOf(refreshOf('card:1', 5, { price: 5 })), signal);
    expect(cache.read('card:1')).toBeNull();
  });

  it('an old refresh redelivered after a plain delete of the same batch changes nothing', async () => {
    const { worker, cache, signal } = workerHarness({ plans: card });
    await worker.handle(batchOf(refreshOf('card:1', 4, { price: 4 }), deleteOf('card:1', 5)), signal);
    await worker.handle(batchOf(refreshOf('card:1', 4, { price: 4 })), signal);
    expect(cache.read('card:1')).toBeNull();
  });

  it('refuses to begin without a reader when a rule needs one', () => {
    expect(() => workerHarness({ plans: queryCard })).toThrow('there is no reader');
  });

  it('passes on an error nobody foresaw', async () => {
    const { worker, cache, signal } = workerHarness();
    cache.apply = () => Promise.reject(new TypeError('a bug'));
    await expect(worker.handle(batchOf(deleteOf('a', 1)), signal)).rejects.toThrow('a bug');
  });
});

describe('a worker whose target does not answer', () => {
  it('repeats the batch until it does, and skips nothing', async () => {
    const { worker, cache, clock, log, metrics, signal } = workerHarness({ plans: card });
    cache.fill('product:1', 'stale');
    cache.unavailable = 'down';
    const finished = worker.handle(batchOf(deleteOf('product:1', 1), refreshOf('card:1', 1, { id: 1 })), signal);
    for (let tries = 1; tries <= 5; tries++) {
      await expect.poll(() => clock.sleeping).toBe(1);
      expect(cache.calls).toHaveLength(tries);
      if (tries === 5) cache.unavailable = null;
      else expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
      clock.advance(1_000);
    }
    await finished;
    expect(cache.contents()).toEqual([['card:1', '{"id":1}']]);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
    expect(await metricLines(metrics, 'sluice_target_retries_total')).toEqual(['{target="memory"} 5']);
    expect(log).toEqual([
      { level: 'warn', message: 'target cannot be used, retrying until it can' },
      { level: 'info', message: 'target answers again' },
    ]);
  });

  it('repeats a batch whose answer was lost, which changes nothing', async () => {
    const { worker, cache, clock, signal } = workerHarness({ plans: card });
    cache.cutAfterApply = 1;
    const finished = worker.handle(batchOf(refreshOf('card:1', 1, { id: 1 })), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    clock.advance(1_000);
    await finished;
    expect(cache.contents()).toEqual([['card:1', '{"id":1}']]);
  });

  it('gives up only when it is told to stop, with the reason it was given', async () => {
    const { worker, cache, clock, stop, signal, letters } = workerHarness();
    cache.unavailable = 'down';
    const finished = worker.handle(batchOf(deleteOf('a', 1)), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    stop.abort(new Error('time is up'));
    await expect(finished).rejects.toThrow('time is up');
    expect(clock.sleeping).toBe(0);
    expect(letters).toEqual([]);
  });

  it('does not begin a batch after it was told to stop', async () => {
    const { worker, cache, stop, signal } = workerHarness();
    stop.abort(new Error('time is up'));
    await expect(worker.handle(batchOf(deleteOf('a', 1)), signal)).rejects.toThrow('time is up');
    expect(cache.calls).toEqual([]);
  });

  it('is available again when no partition waits any more, and says each change once', async () => {
    const { worker, cache, clock, log, metrics, signal } = workerHarness();
    cache.unavailable = 'down';
    const partitions = [0, 1, 2].map((partition) =>
      worker.handle({ ...batchOf(deleteOf(`${partition}`, 1)), partition }, signal),
    );
    await expect.poll(() => clock.sleeping).toBe(3);
    cache.unavailable = null;
    clock.advance(1_000);
    await Promise.all(partitions);
    expect(log.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });

  it('is not available while one partition still waits, though others succeed', async () => {
    const { worker, cache, clock, metrics, signal } = workerHarness();
    const apply = cache.apply.bind(cache);
    let stuck = true;
    cache.apply = (commands) => {
      if (stuck && commands[0]?.key === 'stuck')
        return Promise.reject(new SluiceError('CACHE_UNAVAILABLE', 'too slow'));
      return apply(commands);
    };
    const waiting = worker.handle(batchOf(deleteOf('stuck', 1)), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    await worker.handle({ ...batchOf(deleteOf('fine', 1)), partition: 1 }, signal);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
    stuck = false;
    clock.advance(1_000);
    await waiting;
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });

  it('can be asked to wait for it before the first batch', async () => {
    const { worker, cache, clock, metrics, signal } = workerHarness();
    cache.unavailable = 'down';
    const available = worker.untilAvailable(signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
    cache.unavailable = null;
    clock.advance(1_000);
    await available;
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });

  it('stays unavailable when the waiting partition is taken away, until something succeeds', async () => {
    const { worker, cache, clock, metrics, stop, signal } = workerHarness();
    cache.unavailable = 'down';
    const finished = worker.handle(batchOf(deleteOf('a', 1)), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    stop.abort(new Error('taken away'));
    await expect(finished).rejects.toThrow('taken away');
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
    cache.unavailable = null;
    await worker.handle(batchOf(deleteOf('b', 1)), new AbortController().signal);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });
});

describe('a worker that refreshes by query', () => {
  it('stores what the query finds when it is applied', async () => {
    const reader = readerOf((_, [id]) => (id === 1 ? [{ id, name: 'Kettle' }] : []));
    const { worker, cache, signal } = workerHarness({ plans: queryCard, reader });
    cache.fill('card:2', 'stale');
    await worker.handle(batchOf(refreshOf('card:1', 1, { id: 1 }), refreshOf('card:2', 2, { id: 2 })), signal);
    expect(cache.contents()).toEqual([['card:1', '{"id":1,"name":"Kettle"}']]);
  });

  it('runs at most eight queries at once, and one per key of the batch', async () => {
    let running = 0;
    let most = 0;
    let asked = 0;
    const reader = readerOf(async (_, [id]) => {
      asked++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return [{ id: Number(id) }];
    });
    const { worker, cache, signal } = workerHarness({ plans: queryCard, reader });
    const records = Array.from({ length: 60 }, (_, i) => refreshOf(`card:${i % 30}`, i, { id: i % 30 }));
    await worker.handle(batchOf(...records), signal);
    expect({ asked, most, stored: cache.contents().length }).toEqual({ asked: 30, most: 8, stored: 30 });
  });

  it('waits for a reader that does not answer, and stores nothing older meanwhile', async () => {
    let down = true;
    const reader = readerOf(() => {
      if (down) throw new SluiceError('READ_UNAVAILABLE', 'no connection');
      return [{ id: 1 }];
    });
    const { worker, cache, clock, metrics, signal } = workerHarness({ plans: queryCard, reader });
    const finished = worker.handle(batchOf(refreshOf('card:1', 1, { id: 1 })), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    expect(cache.calls).toEqual([]);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 0']);
    down = false;
    clock.advance(1_000);
    await finished;
    expect(cache.contents()).toEqual([['card:1', '{"id":1}']]);
    expect(await metricLines(metrics, 'sluice_target_available')).toEqual(['{target="memory"} 1']);
  });

  it('deletes the key, with its version left, when the reader will never see the transaction', async () => {
    const { worker, cache, letters, log, signal } = workerHarness({ plans: queryCard, reader: readerOf(() => null) });
    cache.fill('card:1', 'stale');
    await worker.handle(batchOf(refreshOf('card:1', 5, { id: 1 })), signal);
    await worker.handle(batchOf(refreshOf('card:2', 6, { id: 2 })), signal);
    expect(cache.contents()).toEqual([]);
    expect(cache.version('card:1')).toBe(5);
    expect(letters).toEqual([]);
    // Once, not for each row.
    expect(log).toEqual([
      { level: 'warn', message: expect.stringMatching(/deleted instead of refreshed.*stopped/) as string },
    ]);
  });

  it.each([
    [
      'the statement is refused',
      () => Promise.reject(new SluiceError('READ_REFUSED', 'no such column')),
      /READ_REFUSED: no such column/,
    ],
    ['two rows come', () => Promise.resolve([{ id: 1 }, { id: 2 }]), /2 rows/],
  ])('keeps a dead letter and deletes the key when %s', async (_, read, reason) => {
    const { worker, cache, letters, metrics, signal } = workerHarness({ plans: queryCard, reader: readerOf(read) });
    cache.fill('card:1', 'stale');
    const record = refreshOf('card:1', 5, { id: 1 });
    await worker.handle(batchOf(record), signal);
    expect(cache.contents()).toEqual([]);
    expect(cache.version('card:1')).toBe(5);
    expect(letters).toEqual([
      { reason: expect.stringMatching(reason) as string, item: delivered(record), target: 'memory' },
    ]);
    expect(await metricLines(metrics, 'sluice_invalidations_total')).toEqual([
      '{target="memory",rule="card",outcome="dead_letter"} 1',
    ]);
    expect(await metricLines(metrics, 'sluice_dead_letters_total')).toEqual(['{target="memory"} 1']);
  });
});

describe('what a worker can never apply', () => {
  it('is a dead letter with its reason, and its key is deleted with the version left', async () => {
    const { worker, cache, letters, signal } = workerHarness({ plans: card });
    cache.fill('card:1', 'stale');
    cache.refusedKeys.set('card:1', 'ERR string exceeds maximum allowed size');
    await worker.handle(batchOf(refreshOf('card:1', 5, { id: 1 }), refreshOf('card:2', 6, { id: 2 })), signal);
    expect(cache.contents()).toEqual([['card:2', '{"id":2}']]);
    expect(cache.version('card:1')).toBe(5);
    expect(letters.map(({ reason, item }) => [reason, item.place])).toEqual([
      ['ERR string exceeds maximum allowed size', 'topic/0@5'],
    ]);
  });

  it('is deleted plainly when even the versioned delete is refused', async () => {
    const { worker, cache, letters, signal } = workerHarness({ plans: card });
    cache.fill('card:1', 'stale');
    const apply = cache.apply.bind(cache);
    cache.apply = async (commands) => {
      const isPlain = commands.every((command) => command.kind === 'delete' && !command.versioned);
      return isPlain ? apply(commands) : commands.map(() => ({ failed: 'ERR of the script' }));
    };
    await worker.handle(batchOf(refreshOf('card:1', 5, { id: 1 })), signal);
    expect(cache.contents()).toEqual([]);
    expect(letters.map(({ reason }) => reason)).toEqual(['ERR of the script']);
  });

  it('is retried like everything else while the target is away', async () => {
    const { worker, cache, clock, letters, signal } = workerHarness({ plans: card });
    cache.fill('card:1', 'stale');
    cache.refusedKeys.set('card:1', 'ERR too large');
    const apply = cache.apply.bind(cache);
    let calls = 0;
    cache.apply = (commands) => {
      if (++calls === 2) return Promise.reject(new SluiceError('CACHE_UNAVAILABLE', 'cut'));
      return apply(commands);
    };
    const finished = worker.handle(batchOf(refreshOf('card:1', 5, { id: 1 })), signal);
    await expect.poll(() => clock.sleeping).toBe(1);
    expect(letters).toEqual([]);
    clock.advance(1_000);
    await finished;
    expect(cache.contents()).toEqual([]);
    expect(letters).toHaveLength(1);
  });

  it('includes what could not be read, while the rest of the batch is applied', async () => {
    const { worker, cache, letters, signal } = workerHarness();
    cache.fill('a', 'stale');
    const unreadable = { kind: 'unreadable', raw: '{"for', reason: 'not JSON', place: 'topic/0@9' } as const;
    await worker.handle({ partition: 0, items: [unreadable, delivered(deleteOf('a', 1))] }, signal);
    expect(cache.contents()).toEqual([]);
    expect(letters).toEqual([{ reason: 'not JSON', item: unreadable, target: null }]);
  });

  it('stops the partition when it cannot be kept', async () => {
    const deadLetters = { keep: () => Promise.reject(new Error('disk full')), close: () => Promise.resolve() };
    const { worker, signal } = workerHarness({ deadLetters });
    const unreadable = { kind: 'unreadable', raw: '{', reason: 'not JSON', place: 'topic/0@9' } as const;
    await expect(worker.handle({ partition: 0, items: [unreadable] }, signal)).rejects.toEqual(
      expect.objectContaining({ code: 'DEAD_LETTER_FAILED', message: 'disk full' }),
    );
  });
});

describe('a record of a rule that the rule file does not have', () => {
  it('deletes its key with the version left, and warns once per rule', async () => {
    const { worker, cache, log, letters, signal } = workerHarness();
    for (const version of [1, 2, 3]) {
      cache.fill('card:1', 'stale');
      await worker.handle(batchOf(refreshOf('card:1', version, { id: 1 })), signal);
      expect(cache.contents()).toEqual([]);
    }
    await worker.handle(batchOf(refreshOf('other:1', 4, { id: 1 }, { rule: 'other' })), signal);
    expect(cache.version('card:1')).toBe(3);
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(2);
    expect(letters).toEqual([]);
  });
});
