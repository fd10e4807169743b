import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Remainder } from '../../../src/ports.ts';
import { batchOf, deleteOf } from '../../support/invalidations.ts';
import { workerHarness } from '../../support/worker-harness.ts';

/** The worker gathers what is due within a few milliseconds. */
const ROUND_MS = 5;
const TIMES_MS = [100, 250, 1_000];

const step = fc.record({
  /** Time that passes before it. */
  passMs: fc.integer({ min: 0, max: 120 }),
  deletes: fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 3 }), againAfterMs: fc.constantFrom(...TIMES_MS, null) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  /** Nobody waits for it any longer, so long after it came. */
  cutOffAfterMs: fc.option(fc.integer({ min: 0, max: 1_500 }), { freq: 5 }),
});

interface Applied {
  readonly atMs: number;
  readonly key: string;
}

interface Asked extends Applied {
  readonly againAfterMs: number;
  readonly wasCutOff: boolean;
  finishedMs: number | null;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function play(steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) {
  const { worker, cache, clock } = workerHarness();
  const begunMs = clock.now();
  const firsts = new Set<unknown>();
  const seconds: Applied[] = [];
  const apply = cache.apply.bind(cache);
  cache.apply = (commands) => {
    if (!firsts.has(phase)) for (const { key } of commands) seconds.push({ atMs: clock.now() - begunMs, key });
    return apply(commands);
  };
  let phase: unknown = null;
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i++) {
      clock.advance(1);
      await settle();
    }
  };
  const asked: Asked[] = [];
  const cuts: { atMs: number; cut: () => void }[] = [];
  const passing = async (ms: number): Promise<void> => {
    const endMs = clock.now() + ms;
    for (const { atMs, cut } of [...cuts].sort((a, b) => a.atMs - b.atMs)) {
      if (atMs > endMs) break;
      await pass(Math.max(0, atMs - clock.now()));
      cut();
      cuts.splice(
        cuts.findIndex((each) => each.cut === cut),
        1,
      );
      await settle();
    }
    await pass(endMs - clock.now());
  };
  for (const [version, { passMs, deletes, cutOffAfterMs }] of steps.entries()) {
    await passing(passMs);
    const stop = new AbortController();
    phase = version;
    firsts.add(version);
    const batch = batchOf(...deletes.map(({ key, againAfterMs }) => deleteOf(`k${key}`, version, { againAfterMs })));
    const remainder: Remainder | null = await worker.handle(batch, stop.signal);
    phase = null;
    const atMs = clock.now() - begunMs;
    const mine = [...new Set(deletes.map(({ key }) => key))].flatMap((key): Asked[] => {
      const times = deletes.filter((each) => each.key === key).flatMap(({ againAfterMs }) => againAfterMs ?? []);
      if (times.length === 0) return [];
      const wasCutOff = cutOffAfterMs !== null;
      return [{ atMs, key: `k${key}`, againAfterMs: Math.max(...times), wasCutOff, finishedMs: null }];
    });
    asked.push(...mine);
    expect(remainder === null).toBe(mine.length === 0);
    remainder?.finished.then(
      () => mine.forEach((each) => (each.finishedMs = clock.now() - begunMs)),
      () => undefined,
    );
    if (cutOffAfterMs !== null)
      cuts.push({ atMs: clock.now() + cutOffAfterMs, cut: () => stop.abort(new Error('cut off')) });
  }
  await passing(2_500);
  return { asked, seconds, clock };
}

describe('second deletes', () => {
  test('come for everybody between once and twice his time, and never twice within it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { asked, seconds, clock } = await play(steps);
        expect(clock.sleeping).toBe(0);
        for (const { atMs, key, againAfterMs, wasCutOff, finishedMs } of asked) {
          if (wasCutOff) continue;
          const found = seconds.some(
            (second) =>
              second.key === key &&
              second.atMs >= atMs + againAfterMs &&
              second.atMs <= atMs + 2 * againAfterMs + 2 * ROUND_MS,
          );
          expect(found).toBe(true);
          expect(finishedMs).not.toBeNull();
          expect(finishedMs ?? 0).toBeGreaterThanOrEqual(atMs + againAfterMs);
        }
        for (const key of new Set(seconds.map((second) => second.key))) {
          const times = seconds.filter((second) => second.key === key).map(({ atMs }) => atMs);
          const lanes = new Set(asked.filter((each) => each.key === key).map(({ againAfterMs }) => againAfterMs));
          const [only] = lanes;
          if (lanes.size !== 1 || only === undefined) continue;
          times.slice(1).forEach((time, index) => expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(only));
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
