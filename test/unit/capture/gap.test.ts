/** Changes may have been missed: what is found, what becomes of it, and that a crash at any point finds it again. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCaptureLoop, type CaptureLoopOptions } from '../../../src/capture/loop.ts';
import { GAP_POLICIES, type GapPolicy, type GapReason } from '../../../src/model/gap.ts';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { NO_EPOCHS, type Epochs, type Position, type ResumePoint } from '../../../src/model/position.ts';
import type { ChangeBatch, RowChange } from '../../../src/model/row-change.ts';
import type { Checkpoint } from '../../../src/ports.ts';
import { encodeCheckpoint } from '../../../src/model/checkpoint.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { PositionGone } from '../../../src/runtime/position-gone.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryCheckpointStore, type MemoryPlace } from '../../support/memory-checkpoint-store.ts';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const at = (offset: number): Position => ({
  flavour: 'mysql',
  serverUuid: UUID,
  coordinates: { file: 'binlog.000001', offset },
  gtidSet: '',
});
const CHECKPOINT: Checkpoint = { position: at(50), lastVersion: 77, epochs: new Map([['shop.t', 3]]), savedAtMs: 1 };
const NOW = at(1_000);
const gone = (reason: GapReason = 'purged'): PositionGone => new PositionGone(reason, 'no longer there');

const batch = (offset: number): ChangeBatch => ({
  changes: [{ version: offset } as RowChange],
  sizeBytes: 100,
  end: { coordinates: { file: 'binlog.000001', offset }, gtids: [], lastVersion: offset },
  commitTimeMs: 1,
});

interface Published {
  readonly texts: readonly string[];
  readonly resolve: () => void;
}

/** The source: one script for each time it is asked for changes; behind the last it waits. */
type Script = readonly (ChangeBatch | Error)[];

class Capture {
  readonly published: Published[] = [];
  readonly starts: ResumePoint[] = [];
  readonly clock = new FakeClock();
  readonly metrics = new Metrics();
  readonly stop = new AbortController();
  readonly given: Epochs[] = [];
  readonly flushVersions: number[] = [];
  readonly running: Promise<void>;
  located = 0;

  constructor(
    place: MemoryPlace,
    scripts: readonly Script[],
    { onGap = 'flush', trace = new MemoryStartTrace() }: { onGap?: GapPolicy; trace?: MemoryStartTrace } = {},
  ) {
    const options: CaptureLoopOptions = {
      pipeline: 'p',
      onGap,
      trace,
      source: {
        changes: (from, signal) => this.#play(scripts[this.starts.push(from) - 1] ?? [], signal),
        locate: () => Promise.resolve(((this.located += 1), NOW)),
      },
      evaluator: () => ({
        evaluate: ({ changes }, { epochs }) => {
          this.given.push(epochs);
          return { invalidations: changes.map(({ version }) => invalidation(`row ${version}`)), letters: [], epochs };
        },
      }),
      bridge: ({ version, epochs }) => {
        this.flushVersions.push(version);
        const invalidations = [invalidation(`flush of ${[...epochs.keys()].join() || 'nothing known'}`)];
        return { invalidations, epochs: new Map([...epochs, ['shop.t', version]]), unflushed: [] };
      },
      restate: (epochs) => [...epochs].map(([name, version]) => invalidation(`epoch ${name} ${version}`)),
      deadLetters: { keep: () => Promise.resolve(), close: () => Promise.resolve() },
      publisher: {
        publish: (invalidations) =>
          new Promise((resolve) => void this.published.push({ texts: invalidations.map(({ key }) => key), resolve })),
        close: () => Promise.resolve(),
      },
      store: new MemoryCheckpointStore(place),
      checkpointIntervalMs: 1_000,
      firstStart: () => Promise.resolve({ position: at(4), lastVersion: 0 }),
      maxInFlight: { batches: 10, bytes: 10_000 },
      drainTimeoutMs: 50,
      clock: this.clock,
      logger: silentLogger,
      metrics: this.metrics,
    };
    this.running = runCaptureLoop(options, this.stop.signal);
    this.running.catch(() => undefined);
    onTestFinished(() => this.stop.abort());
  }

  get texts(): readonly string[] {
    return this.published.flatMap(({ texts }) => texts);
  }

  async wrote(count: number): Promise<void> {
    await vi.waitFor(() => expect(this.published).toHaveLength(count));
  }

  /** The daemon is told to stop, and what it waits for never comes: as good as a crash for what was saved. */
  async end(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  async *#play(script: Script, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    for (const step of script) {
      await Promise.resolve();
      if (step instanceof Error) throw step;
      yield step;
    }
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
}

const invalidation = (key: string): Invalidation => ({ key }) as Invalidation;
const saved = (checkpoint: Checkpoint | null = CHECKPOINT): MemoryPlace => ({
  text: checkpoint === null ? null : encodeCheckpoint(checkpoint),
  token: 0,
});
const offsetIn = ({ text }: MemoryPlace): number | null => {
  const value = text === null ? null : (JSON.parse(text) as { position: { coordinates: { offset: number } } });
  return value?.position.coordinates.offset ?? null;
};

/** Every way to find a gap: the reason, what is stored, and what the source says first. */
const WAYS: readonly { reason: GapReason; code: string; place: () => MemoryPlace; first: Script; trace?: true }[] = [
  ...(['purged', 'reset', 'other_server', 'transactions_lost'] as const).map((reason) => ({
    reason,
    code: 'SOURCE_POSITION_GONE',
    place: () => saved(),
    first: [gone(reason)],
  })),
  {
    reason: 'checkpoint_unreadable',
    code: 'CHECKPOINT_UNREADABLE',
    place: () => ({ text: '{"format":1,', token: 3 }),
    first: [],
  },
  { reason: 'checkpoint_missing', code: 'CHECKPOINT_MISSING', place: () => saved(null), first: [], trace: true },
];

describe.each(WAYS)('$reason', ({ reason, code, place, first, trace }) => {
  const start = (onGap: GapPolicy, then: Script, where = place()) =>
    // A checkpoint that says nothing leaves nothing to ask the source about.
    new Capture(where, first.length === 0 ? [then] : [first, then], {
      onGap,
      trace: new MemoryStartTrace(trace === true),
    });

  it('flush: everything is flushed before anything else, and saved only when that is acknowledged', async () => {
    const where = place();
    const before = where.text;
    const capture = start('flush', [batch(1_100)], where);
    await capture.wrote(2);
    expect(capture.texts[0]).toMatch(/^flush of/);
    expect(capture.texts[1]).toBe('row 1100');
    expect(capture.starts.at(-1)?.position).toEqual(NOW);
    expect(await capture.metrics.value('sluice_gap_flush_pending', { pipeline: 'p' })).toBe(1);
    capture.published[1]?.resolve();
    await capture.end();
    expect(where.text === before || (where.text !== null && offsetIn(where) === 50)).toBe(true);

    // The next start finds it again.
    const again = start('flush', [batch(1_100)], where);
    await again.wrote(2);
    expect(again.texts[0]).toMatch(/^flush of/);
    for (const { resolve } of again.published) resolve();
    await again.end();
    expect(offsetIn(where)).toBe(1_100);
    expect(await again.metrics.value('sluice_gap_flush_pending', { pipeline: 'p' })).toBe(0);
    expect(await again.metrics.text()).toContain(`sluice_gaps_total{pipeline="p",reason="${reason}",policy="flush"} 1`);
  });

  it('halt: it ends with exit code 3, and nothing is published or saved', async () => {
    const where = place();
    const before = decoded(where);
    const capture = start('halt', [batch(1_100)], where);
    await expect(capture.running).rejects.toMatchObject({ code, exitCode: 3 });
    expect(capture.texts).toEqual([]);
    expect(capture.located).toBe(0);
    expect(decoded(where)).toEqual(before);
    expect(await capture.metrics.text()).toContain(`reason="${reason}",policy="halt"} 1`);
  });

  it('ignore: it goes on from now without a flush', async () => {
    const where = place();
    const capture = start('ignore', [batch(1_100)], where);
    await vi.waitFor(() => expect(capture.texts).toContain('row 1100'));
    expect(capture.texts.filter((text) => text.startsWith('flush'))).toEqual([]);
    expect(capture.starts.at(-1)?.position).toEqual(NOW);
    for (const { resolve } of capture.published) resolve();
    await capture.end();
    expect(offsetIn(where)).toBe(1_100);
    expect(await capture.metrics.text()).toContain(`reason="${reason}",policy="ignore"} 1`);
  });
});

/** Without the time of the save: a start may save the same again. */
function decoded({ text }: MemoryPlace): unknown {
  if (text?.endsWith('}\n') !== true) return text;
  return { ...(JSON.parse(text) as object), savedAt: null };
}

describe('a gap', () => {
  it('is none at the very first start, which leaves a trace for those to come', async () => {
    const trace = new MemoryStartTrace();
    const where = saved(null);
    const capture = new Capture(where, [[]], { trace });
    await vi.waitFor(() => expect(trace.left).toBe(true));
    expect(offsetIn(where)).toBe(4);
    await capture.end();
    expect(capture.texts).toEqual([]);
    expect(capture.located).toBe(0);
  });

  it('leaves the trace again when the cache has lost it', async () => {
    const trace = new MemoryStartTrace();
    const capture = new Capture(saved(), [[]], { trace });
    await vi.waitFor(() => expect(trace.left).toBe(true));
    trace.left = false;
    await vi.waitFor(() => {
      capture.clock.advance(10_000);
      expect(trace.left).toBe(true);
    });
    await capture.end();
  });

  it('has series that are 0 from the start', async () => {
    for (const onGap of GAP_POLICIES) {
      const capture = new Capture(saved(), [[]], { onGap });
      await vi.waitFor(() => expect(capture.starts).toHaveLength(1));
      expect(await capture.metrics.text()).toContain(`reason="checkpoint_missing",policy="${onGap}"} 0`);
      await capture.end();
    }
  });

  it('in the middle of a run: what is in flight may finish, and versions count on', async () => {
    const where = saved();
    const fast = 9_000_000_000_000_000;
    const quick = { ...batch(60), changes: [{ version: fast } as RowChange] };
    const capture = new Capture(where, [[quick, gone('reset')], [batch(1_100)]]);
    await capture.wrote(4);
    expect(capture.texts).toEqual(['epoch shop.t 3', `row ${fast}`, 'flush of shop.t', 'row 1100']);
    expect(capture.flushVersions).toEqual([fast + 1]);
    expect(capture.starts[1]).toMatchObject({ position: NOW, lastVersion: fast + 1 });
    expect(capture.given[1]).toEqual(new Map([['shop.t', fast + 1]]));
    // The flush and what came behind the gap are done; the row before it is not.
    capture.published[0]?.resolve();
    capture.published[2]?.resolve();
    capture.published[3]?.resolve();
    await vi.waitFor(async () =>
      expect(await capture.metrics.value('sluice_gap_flush_pending', { pipeline: 'p' })).toBe(0),
    );
    expect(offsetIn(where)).toBe(50);
    capture.published[1]?.resolve();
    await capture.end();
    expect(offsetIn(where)).toBe(1_100);
    expect(JSON.parse(where.text ?? '')).toMatchObject({ epochs: { 'shop.t': fast + 1 } });
  });

  it('is not forgotten when it is acknowledged together with what stands before it', async () => {
    const where = saved({ ...CHECKPOINT, epochs: NO_EPOCHS });
    const capture = new Capture(where, [[batch(60), batch(70), gone()]]);
    await capture.wrote(3);
    for (const place of [1, 2, 0]) capture.published[place]?.resolve();
    await capture.end();
    expect(offsetIn(where)).toBe(1_000);
  });

  it('gives versions that are ahead of any clock when nobody knows the last one', async () => {
    const capture = new Capture(saved(null), [[batch(1_100)]], { trace: new MemoryStartTrace(true) });
    await capture.wrote(2);
    expect(capture.flushVersions[0]).toBeGreaterThanOrEqual((capture.clock.now() + 3_600_000) * 1_000);
    expect(Number.isSafeInteger(capture.flushVersions[0])).toBe(true);
    expect(capture.starts[0]?.lastVersion).toBe(capture.flushVersions[0]);
    await capture.end();
  });

  it('behind a gap works too, after a pause, and the older flush counts no more', async () => {
    const where = saved();
    const capture = new Capture(where, [[gone()], [gone('reset')], [batch(1_100)]]);
    await capture.wrote(1);
    await vi.waitFor(() => {
      capture.clock.advance(60_000);
      expect(capture.published).toHaveLength(3);
    });
    expect(capture.texts).toEqual(['flush of shop.t', 'flush of shop.t', 'row 1100']);
    const [first = 0, second = 0] = capture.flushVersions;
    expect(second).toBeGreaterThan(first);
    capture.published[0]?.resolve();
    capture.published[2]?.resolve();
    await capture.end();
    expect(offsetIn(where)).toBe(1_000);
  });

  it('is not found by an error that is none', async () => {
    const capture = new Capture(saved(), [[new Error('something else')]]);
    await expect(capture.running).rejects.toThrow('something else');
    expect(capture.located).toBe(0);
  });

  it('begins where nobody knows any epoch', async () => {
    const capture = new Capture({ text: 'x', token: 0 }, [[batch(1_100)]], { onGap: 'ignore' });
    await capture.wrote(1);
    expect(capture.given).toEqual([NO_EPOCHS]);
    await capture.end();
  });
});
