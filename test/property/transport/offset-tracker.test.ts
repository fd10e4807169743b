import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetTracker } from '../../../src/transport/offset-tracker.ts';
import { OpenBatches, type ReadBatch } from '../../../src/transport/open-batches.ts';

/** Each step reads a batch, or finishes one of those read so far: the nth, if it is there. */
const steps = fc.array(fc.oneof(fc.constant('read' as const), fc.nat({ max: 40 })), { maxLength: 120 });

interface Modelled {
  readonly batch: ReadBatch;
  isFinished: boolean;
}

/** Calls `check` after every step with all that was read, in order. */
function play(
  program: readonly ('read' | number)[],
  target: { read: (next: number) => ReadBatch; finish: (batch: ReadBatch) => void },
  check: (all: readonly Modelled[]) => void,
): void {
  const all: Modelled[] = [];
  for (const step of program) {
    if (step === 'read') all.push({ batch: target.read((all.length + 1) * 10), isFinished: false });
    else {
      const chosen = all[step];
      if (chosen === undefined) continue;
      chosen.isFinished = true;
      target.finish(chosen.batch);
    }
    check(all);
  }
}

/** The offset behind the finished ones at the beginning. */
function finishedUpTo(all: readonly Modelled[]): number | undefined {
  const waits = all.findIndex(({ isFinished }) => !isFinished);
  return all.slice(0, waits < 0 ? all.length : waits).at(-1)?.batch.next;
}

describe('batches that finish in any order', () => {
  it('may be committed up to the oldest that is not finished', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const tracker = new OffsetTracker();
        tracker.assign([0]);
        const target = {
          read: (next: number) => tracker.read(0, next),
          finish: (batch: ReadBatch) => tracker.finished(batch),
        };
        play(program, target, (all) => {
          const offset = finishedUpTo(all);
          expect(tracker.uncommitted()).toEqual(offset === undefined ? [] : [{ partition: 0, offset }]);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('need a link for each that is not finished, and one between them', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const open = new OpenBatches();
        const target = {
          read: (next: number) => open.add(0, next),
          finish: (batch: ReadBatch) => void open.finish(batch),
        };
        play(program, target, (all) => {
          const unfinished = all.filter(({ isFinished }) => !isFinished).length;
          expect(open.size).toBeGreaterThanOrEqual(unfinished);
          expect(open.size).toBeLessThanOrEqual(2 * unfinished);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('need no more than two links for 100,000 behind one that is not finished', () => {
    const open = new OpenBatches();
    open.add(0, 1);
    for (let next = 2; next <= 100_000; next++) open.finish(open.add(0, next));
    expect(open.size).toBe(2);
  });
});
