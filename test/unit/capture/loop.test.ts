import { describe, expect, it, vi } from 'vitest';
import { runCaptureLoop, type CaptureLoopOptions } from '../../../src/capture/loop.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { NO_EPOCHS, type Epochs, type ResumePoint } from '../../../src/model/position.ts';
import type { ChangeBatch, RowChange } from '../../../src/model/row-change.ts';
import type { Checkpoint, CheckpointStore, DeadLetter, DeadLetters } from '../../../src/ports.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';

const START: ResumePoint = {
  position: { flavour: 'mysql', serverUuid: 'u', coordinates: { file: 'binlog.000001', offset: 4 }, gtidSet: null },
  lastVersion: 0,
};

/** A batch whose one change is a marker; the fake evaluator turns it into one invalidation. */
const batch = (offset: number, options: { ends?: boolean; matched?: boolean } = {}): ChangeBatch => ({
  changes: options.matched === false ? [] : [{ version: offset } as RowChange],
  sizeBytes: 100,
  end:
    options.ends === false ? null : { coordinates: { file: 'binlog.000001', offset }, gtids: [], lastVersion: offset },
  commitTimeMs: 1,
});

const NO_LETTERS: DeadLetters = { keep: () => Promise.resolve(), close: () => Promise.resolve() };

/** Every change is published, and a dead letter as well. */
const failing: ReturnType<CaptureLoopOptions['evaluator']> = {
  evaluate: ({ changes }, { epochs }) => ({
    invalidations: changes.map(({ version }) => ({ version }) as Invalidation),
    letters: changes.map(({ version }) => {
      const item = { kind: 'unmapped', rule: 'r', place: 'binlog.000001:4' } as DeadLetter['item'];
      return { reason: `why ${version}`, item, target: null };
    }),
    epochs,
  }),
};

class MemoryStore implements CheckpointStore {
  saved: Checkpoint[] = [];
  newest = 0;
  claim = (): Promise<number> => Promise.resolve(++this.newest);
  isNewest = (token: number): Promise<boolean> => Promise.resolve(token === this.newest);
  load = (): Promise<Checkpoint | null> => Promise.resolve(this.saved.at(-1) ?? null);
  save = (checkpoint: Checkpoint, token: number): Promise<void> =>
    token === this.newest
      ? Promise.resolve(void this.saved.push(checkpoint))
      : Promise.reject(new SluiceError('LEASE_LOST', `${this.newest} is newer`));
  close = (): Promise<void> => Promise.resolve();
  get offsets(): number[] {
    return this.saved.map(({ position }) => position.coordinates.offset);
  }
}

function setUp(batches: ChangeBatch[], overrides: Partial<CaptureLoopOptions> = {}) {
  const store = new MemoryStore();
  const published: { versions: number[]; resolve: () => void; reject: (error: Error) => void }[] = [];
  const stop = new AbortController();
  const starts: ResumePoint[] = [];
  const options: CaptureLoopOptions = {
    pipeline: 'test',
    source: {
      async *changes(from, signal) {
        starts.push(from);
        yield* batches;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
      locate: () => Promise.resolve(START.position),
    },
    evaluator: () => ({
      evaluate: ({ changes }, { epochs }) => ({
        invalidations: changes.map(({ version }) => ({ version }) as Invalidation),
        letters: [],
        epochs,
      }),
    }),
    restate: () => [],
    onGap: 'halt',
    bridge: () => ({ invalidations: [], epochs: NO_EPOCHS, unflushed: [] }),
    trace: new MemoryStartTrace(),
    deadLetters: NO_LETTERS,
    publisher: {
      publish: (invalidations) =>
        new Promise((resolve, reject) =>
          published.push({ versions: invalidations.map(({ version }) => version), resolve, reject }),
        ),
      close: () => Promise.resolve(),
    },
    store,
    checkpointIntervalMs: 1000,
    firstStart: () => Promise.resolve(START),
    maxInFlight: { batches: 10, bytes: 10_000 },
    drainTimeoutMs: 50,
    clock: new FakeClock(),
    logger: silentLogger,
    metrics: new Metrics(),
    ...overrides,
  };
  const running = runCaptureLoop(options, stop.signal);
  return { store, published, stop, running, starts };
}

describe('the capture loop', () => {
  it('saves the very first position before anything is read', async () => {
    const { store, stop, running } = setUp([]);
    await vi.waitFor(() => expect(store.offsets).toEqual([4]));
    stop.abort();
    await running;
  });

  it('checkpoints nothing that is not acknowledged', async () => {
    const { store, published, stop, running } = setUp([batch(10), batch(20), batch(30)]);
    await vi.waitFor(() => expect(published).toHaveLength(3));
    published[0]?.resolve();
    published[2]?.resolve();
    stop.abort();
    await running; // the drain gives up on batch 20 …
    expect(store.offsets.at(-1)).toBe(10); // … and so the checkpoint stands before it
  });

  it('waits on shutdown for what is in flight and then saves', async () => {
    const { store, published, stop, running } = setUp([batch(10), batch(20)], { drainTimeoutMs: 60_000 });
    await vi.waitFor(() => expect(published).toHaveLength(2));
    let ended = false;
    void running.then(() => (ended = true));
    stop.abort();
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    published[1]?.resolve();
    published[0]?.resolve();
    await running;
    expect(store.offsets.at(-1)).toBe(20);
  });

  it('moves the watermark over batches that no rule matches', async () => {
    const { store, stop, running, starts } = setUp([batch(10, { matched: false }), batch(20, { matched: false })]);
    await vi.waitFor(() => expect(starts).toHaveLength(1));
    stop.abort();
    await running;
    expect(store.offsets.at(-1)).toBe(20);
  });

  it('never checkpoints inside a transaction', async () => {
    const { store, published, stop, running } = setUp([batch(10), batch(20, { ends: false })]);
    await vi.waitFor(() => expect(published).toHaveLength(2));
    for (const { resolve } of published) resolve();
    stop.abort();
    await running;
    expect(store.offsets.at(-1)).toBe(10);
  });

  it('pulls no more than fits into the window', async () => {
    const { published, stop, running } = setUp([batch(10), batch(20), batch(30)], {
      maxInFlight: { batches: 2, bytes: 10_000 },
    });
    await vi.waitFor(() => expect(published).toHaveLength(2));
    await new Promise((resolve) => setImmediate(resolve));
    expect(published).toHaveLength(2);
    published[0]?.resolve();
    await vi.waitFor(() => expect(published).toHaveLength(3));
    stop.abort();
    await running;
  });

  it('stops with the error of a failed publish and keeps the checkpoint before it', async () => {
    const { store, published, running } = setUp([batch(10), batch(20)]);
    await vi.waitFor(() => expect(published).toHaveLength(2));
    published[0]?.reject(new Error('refused'));
    published[1]?.resolve();
    await expect(running).rejects.toThrow('refused');
    expect(store.offsets.at(-1)).toBe(4);
  });

  it('resumes from the checkpoint, not from the first start', async () => {
    const { starts, stop, running } = setUp([], {
      store: Object.assign(new MemoryStore(), {
        saved: [{ ...START, lastVersion: 77, epochs: NO_EPOCHS, savedAtMs: 1 }],
      }),
      firstStart: () => Promise.reject(new Error('must not be asked')),
    });
    await vi.waitFor(() => expect(starts[0]?.lastVersion).toBe(77));
    stop.abort();
    await running;
  });

  it('asks for the rules in force when a transaction has ended, not inside one', async () => {
    const asked: string[] = [];
    let sets = 0;
    const { stop, running, starts, store } = setUp([batch(10, { ends: false }), batch(20), batch(30), batch(40)], {
      evaluator: () => {
        const set = `set ${++sets}`;
        return {
          evaluate: ({ changes }, { epochs }) => {
            asked.push(`${set}: ${changes[0]?.version ?? 0}`);
            return { invalidations: [], letters: [], epochs };
          },
        };
      },
    });
    await vi.waitFor(() => expect(asked).toHaveLength(4));
    expect(starts).toHaveLength(1);
    const names = asked.map((each) => each.split(':')[0]);
    expect(names[0]).toBe(names[1]);
    expect(new Set(names).size).toBe(3);
    stop.abort();
    await running;
    expect(store.offsets.at(-1)).toBe(40);
  });

  it('waits for an evaluation that waits for lookups, and keeps the order', async () => {
    const answers: (() => void)[] = [];
    const { published, stop, running } = setUp([batch(10), batch(20)], {
      evaluator: () => ({
        evaluate: ({ changes }, { epochs }) => {
          const invalidations = changes.map(({ version }) => ({ version }) as Invalidation);
          const evaluation = { invalidations, letters: [], epochs };
          if (changes[0]?.version !== 10) return evaluation;
          return new Promise((resolve) => answers.push(() => resolve(evaluation)));
        },
      }),
    });
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    expect(published).toEqual([]);
    answers[0]?.();
    await vi.waitFor(() => expect(published.map(({ versions }) => versions)).toEqual([[10], [20]]));
    for (const { resolve } of published) resolve();
    stop.abort();
    await running;
  });

  it('lets a stop end the waiting for lookups, and checkpoints nothing of that batch', async () => {
    const { store, stop, running, starts } = setUp([batch(10)], {
      evaluator: () => ({
        evaluate: (_, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      }),
    });
    await vi.waitFor(() => expect(starts).toHaveLength(1));
    stop.abort();
    await running;
    expect(store.offsets.at(-1)).toBe(4);
  });

  it('acknowledges a batch only when its dead letters are kept too', async () => {
    const kept: { letters: readonly DeadLetter[]; resolve: () => void }[] = [];
    const metrics = new Metrics();
    const { store, published, stop, running } = setUp([batch(10), batch(20)], {
      evaluator: () => failing,
      deadLetters: { ...NO_LETTERS, keep: (letters) => new Promise((resolve) => kept.push({ letters, resolve })) },
      metrics,
    });
    await vi.waitFor(() => expect(kept).toHaveLength(2));
    for (const { resolve } of published) resolve();
    kept[0]?.resolve();
    stop.abort();
    await running; // the drain gives up on the letter of batch 20 …
    expect(store.offsets.at(-1)).toBe(10); // … and so the checkpoint stands before it
    expect(kept[0]?.letters.map(({ reason }) => reason)).toEqual(['why 10']);
    expect(await metrics.text()).toContain('sluice_unmapped_changes_total{rule="r"} 1');
  });

  it('stops when a dead letter cannot be kept, and the checkpoint stands before its row', async () => {
    const { store, running } = setUp([batch(10, { matched: false }), batch(20)], {
      evaluator: () => failing,
      deadLetters: {
        ...NO_LETTERS,
        keep: () => Promise.reject(new SluiceError('DEAD_LETTER_FAILED', 'disk full')),
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'DEAD_LETTER_FAILED' });
    expect(store.offsets.at(-1)).toBeLessThan(20);
  });

  it('checkpoints the epochs as they were at the position, and begins with them', async () => {
    const given: Epochs[] = [];
    const raising: ReturnType<CaptureLoopOptions['evaluator']> = {
      evaluate: ({ changes }, { epochs }) => {
        given.push(epochs);
        const invalidations = changes.map(({ version }) => ({ version }) as Invalidation);
        return { invalidations, letters: [], epochs: new Map([...epochs, ['shop.t', changes[0]?.version ?? 0]]) };
      },
    };
    const store = Object.assign(new MemoryStore(), {
      saved: [{ ...START, epochs: new Map([['shop.old', 3]]), savedAtMs: 1 }],
    });
    const { published, stop, running } = setUp([batch(10), batch(20)], { store, evaluator: () => raising });
    await vi.waitFor(() => expect(published).toHaveLength(2));
    published[0]?.resolve();
    stop.abort();
    await running;
    expect(given[0]).toEqual(new Map([['shop.old', 3]]));
    expect(given[1]?.get('shop.t')).toBe(10);
    const [last] = store.saved.slice(-1);
    expect(last?.position.coordinates.offset).toBe(10);
    expect(last?.epochs).toEqual(new Map([...(given[0] ?? []), ['shop.t', 10]]));
  });

  it('says the epochs of the checkpoint once more before the first batch, and checkpoints nothing before that is acknowledged', async () => {
    const epochs = new Map([['shop.t', 3]]);
    const store = Object.assign(new MemoryStore(), { saved: [{ ...START, epochs, savedAtMs: 1 }] });
    const { published, stop, running } = setUp([batch(10)], {
      store,
      restate: (known, at) => [...known.values()].map((version) => ({ version: version + at.offset }) as Invalidation),
    });
    await vi.waitFor(() => expect(published.map(({ versions }) => versions)).toEqual([[7], [10]]));
    published[1]?.resolve();
    stop.abort();
    await running;
    expect(store.offsets.at(-1)).toBe(4);
  });

  it('says the epochs again once a minute: their record may be lost with its topic, or the key with its cache', async () => {
    const clock = new FakeClock();
    const { published, stop, running } = setUp([], {
      clock,
      source: {
        async *changes(_from, signal) {
          for (const [offset, passedMs] of [
            [10, 0],
            [20, 59_000],
            [30, 1_000],
            [40, 59_000],
          ] as const) {
            clock.advance(passedMs);
            yield batch(offset);
          }
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        },
        locate: () => Promise.resolve(START.position),
      },
      restate: () => [{ version: 7 } as Invalidation],
    });
    await vi.waitFor(() =>
      expect(published.map(({ versions }) => versions)).toEqual([[7], [10], [20], [7], [30], [40]]),
    );
    stop.abort();
    await running;
  });

  it.each([0, 1])('stops within drain_timeout when the store stalls after %i saves', async (before) => {
    const store = new MemoryStore();
    const save = store.save;
    const saving = vi.fn((checkpoint: Checkpoint, token: number) =>
      store.saved.length < before ? save(checkpoint, token) : new Promise<void>(() => undefined),
    );
    store.save = saving;
    const clock = new FakeClock();
    const { stop, running } = setUp([batch(10, { matched: false })], { store, clock });
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(saving).toHaveBeenCalledTimes(before + 1);
    });
    stop.abort(new Error('SIGTERM'));
    await expect(running.catch((error: Error) => error.message)).resolves.toBe(before === 0 ? 'SIGTERM' : undefined);
    // Never a second save beside one that has not ended.
    expect(saving).toHaveBeenCalledTimes(before + 1);
  });

  it('keeps a part of drain_timeout for the last save, and is not held up by a save or a trace', async () => {
    const store = new MemoryStore();
    const trace = new MemoryStartTrace();
    trace.leave = () => new Promise(() => undefined);
    const { published, stop, running } = setUp([batch(10), batch(20)], { store, trace });
    await vi.waitFor(() => expect(published).toHaveLength(2));
    store.save = vi.fn(() => new Promise<void>(() => undefined));
    published[0]?.resolve();
    stop.abort();
    await running;
    expect(store.save).toHaveBeenCalledTimes(1);
  });

  it('is not held up at its start by a store that stalls', async () => {
    for (const stalled of ['claim', 'load'] as const) {
      const store = new MemoryStore();
      const asked = vi.fn(() => new Promise<never>(() => undefined));
      store[stalled] = asked;
      const { stop, running } = setUp([], { store });
      await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce());
      stop.abort(new Error('SIGTERM'));
      await expect(running).rejects.toThrow('SIGTERM');
    }
  });

  it('waits with its first save for a store that refuses for a moment', async () => {
    const store = new MemoryStore();
    const save = store.save;
    const readonly = new SluiceError('CHECKPOINT_UNAVAILABLE', 'READONLY');
    store.save = vi.fn(save).mockRejectedValueOnce(readonly).mockRejectedValueOnce(readonly);
    const clock = new FakeClock();
    const { stop, running, starts } = setUp([], { store, clock });
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(starts).toHaveLength(1);
    });
    expect(store.offsets).toEqual([4]);
    stop.abort();
    await running;
  });

  it('ends with LEASE_LOST when a newer token was claimed, and saves nothing', async () => {
    const store = new MemoryStore();
    const clock = new FakeClock();
    const { published, running } = setUp([batch(10)], { store, clock });
    await vi.waitFor(() => expect(published).toHaveLength(1));
    published[0]?.resolve();
    await store.claim();
    // Until the next save, and until the trace is left again.
    await vi.waitFor(() => expect(clock.sleeping).toBe(2));
    clock.advance(1_000);
    await expect(running).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(store.offsets).toEqual([4]);
  });
});
