import { describe, expect, it, vi } from 'vitest';
import { runCaptureLoop, type CaptureLoopOptions } from '../../src/capture-loop.ts';
import type { Invalidation } from '../../src/model/invalidation.ts';
import type { ResumePoint } from '../../src/model/position.ts';
import type { ChangeBatch, RowChange } from '../../src/model/row-change.ts';
import type { Checkpoint, CheckpointStore } from '../../src/ports.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { Metrics } from '../../src/runtime/metrics.ts';
import { FakeClock } from '../support/fake-clock.ts';

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

class MemoryStore implements CheckpointStore {
  saved: Checkpoint[] = [];
  load = (): Promise<Checkpoint | null> => Promise.resolve(this.saved.at(-1) ?? null);
  save = (checkpoint: Checkpoint): Promise<void> => Promise.resolve(void this.saved.push(checkpoint));
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
    evaluate: (changes) => changes.map(({ version }) => ({ version }) as Invalidation),
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
        saved: [{ ...START, lastVersion: 77, savedAtMs: 1 }],
      }),
      firstStart: () => Promise.reject(new Error('must not be asked')),
    });
    await vi.waitFor(() => expect(starts[0]?.lastVersion).toBe(77));
    stop.abort();
    await running;
  });
});
