import { describe, expect, it } from 'vitest';
import { FlushPacer } from '../../../src/cache/flush-pacer.ts';
import type { Clock } from '../../../src/ports.ts';

/** A clock whose sleeps are over at once, each so much late, and are noted. */
function sleepless(lateMs = 0): Clock & { readonly slept: number[]; work(ms: number): void; set(ms: number): void } {
  let nowMs = 1_000;
  let aheadMs = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => nowMs + aheadMs,
    monotonicMs: () => nowMs,
    work: (ms) => (nowMs += ms),
    set: (ms) => (aheadMs += ms),
    sleep: (ms, signal) => {
      slept.push(ms);
      nowMs += ms + lateMs;
      return signal?.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve();
    },
  };
}

const { signal } = new AbortController();

/** Steps that take so many ms; how many keys were looked at per second. */
async function rateOf(tookMs: readonly number[], keysPerSecond: number, lateMs = 0): Promise<number> {
  const clock = sleepless(lateMs);
  const pacer = new FlushPacer({ clock, keysPerSecond });
  const begunMs = clock.monotonicMs();
  let sum = 0;
  for (const took of tookMs) {
    const { keys } = pacer;
    clock.work(took);
    await pacer.rest({ keys, tookMs: took }, signal);
    sum += keys;
  }
  return sum / ((clock.monotonicMs() - begunMs) / 1_000);
}

const steps = (count: number, tookMs: number): number[] => Array.from({ length: count }, () => tookMs);

describe('the pace of a flush', () => {
  it('keeps the ceiling, whatever the server could do', async () => {
    expect(await rateOf(steps(1_000, 0), 50_000)).toBeCloseTo(50_000, -2);
    expect(await rateOf(steps(1_000, 0), 100)).toBeCloseTo(100, 0);
  });

  it('reaches the ceiling though timers are late, and though the server is far away', async () => {
    expect(await rateOf(steps(1_000, 0), 50_000, 1)).toBeGreaterThan(45_000);
    expect(await rateOf(steps(1_000, 10), 50_000)).toBeGreaterThan(45_000);
    // Each command stays below what others would notice.
    expect(await rateOf(steps(1_000, 100), 50_000)).toBeCloseTo(10_000, -3);
  });

  it('leaves a busy server alone for a multiple of what a step takes longer', async () => {
    const clock = sleepless();
    const pacer = new FlushPacer({ clock, keysPerSecond: 1_000_000 });
    for (const tookMs of [2, 10, 2]) {
      clock.work(tookMs);
      await pacer.rest({ keys: 50, tookMs }, signal);
    }
    expect(clock.slept).toEqual([16]);
  });

  it('does not make up for a long standstill with a burst', async () => {
    const clock = sleepless();
    const pacer = new FlushPacer({ clock, keysPerSecond: 1_000 });
    clock.work(60_000);
    for (let step = 0; step < 3; step++) await pacer.rest({ keys: 50, tookMs: 0 }, signal);
    expect(clock.slept).toEqual([30, 50, 50]);
  });

  it('goes on as before when somebody sets the clock back or forward', async () => {
    const clock = sleepless();
    const pacer = new FlushPacer({ clock, keysPerSecond: 1_000 });
    for (const jumpMs of [0, -3_600_000, 7_200_000]) {
      clock.set(jumpMs);
      await pacer.rest({ keys: 50, tookMs: 0 }, signal);
    }
    expect(clock.slept).toEqual([50, 50, 50]);
  });

  it('ends a rest when it is aborted, also one of no length', async () => {
    const pacer = new FlushPacer({ clock: sleepless(), keysPerSecond: 1_000_000 });
    const reason = new Error('stopped');
    await expect(pacer.rest({ keys: 50, tookMs: 0 }, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(pacer.rest({ keys: 0, tookMs: 100 }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
