import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeaseValidity } from '../../../src/source/lease-validity.ts';

/** Two clocks that only move when told. */
function setUp(validForMs = 4_000) {
  const clock = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 };
  const validity = new LeaseValidity({ validForMs, now: () => ({ ...clock }) });
  return { clock, validity };
}

describe('the validity of a lease', () => {
  it('begins with a confirmation and ends when none came in time', () => {
    const { clock, validity } = setUp();
    expect(validity.isValid()).toBe(false);
    validity.confirm(validity.now());
    expect(validity.isValid()).toBe(true);
    clock.monotonicMs += 3_999;
    clock.wallMs += 3_999;
    expect(validity.isValid()).toBe(true);
    clock.monotonicMs += 1;
    clock.wallMs += 1;
    expect(validity.isValid()).toBe(false);
  });

  it('counts from the question, not from the answer', () => {
    const { clock, validity } = setUp();
    const asked = validity.now();
    clock.monotonicMs += 4_000;
    validity.confirm(asked);
    expect(validity.isValid()).toBe(false);
  });

  it('is over at once when told so', () => {
    const { validity } = setUp();
    validity.confirm(validity.now());
    validity.end();
    expect(validity.isValid()).toBe(false);
  });

  it('is over after a suspension that the monotonic clock has not seen, and not when the wall clock is set back', () => {
    const { clock, validity } = setUp();
    validity.confirm(validity.now());
    clock.wallMs -= 3_600_000;
    expect(validity.isValid()).toBe(true);
    clock.wallMs += 3_600_000 + 60_000;
    expect(validity.isValid()).toBe(false);
  });

  it('never outlasts what the server grants, however questions, answers, stalls and clock jumps follow each other', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const) }),
      fc.record({ kind: fc.constant('answer' as const) }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 9_000 }) }),
      fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -90_000, max: 90_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, validity } = setUp(4_000);
        let asked: ReturnType<typeof validity.now> | null = null;
        let serverHeardAt = -Infinity;
        for (const each of steps) {
          if (each.kind === 'pass') {
            clock.monotonicMs += each.ms;
            clock.wallMs += each.ms;
          } else if (each.kind === 'jump') clock.wallMs += each.ms;
          else if (each.kind === 'ask') {
            asked = validity.now();
            serverHeardAt = clock.monotonicMs;
          } else if (asked !== null) validity.confirm(asked);
          // The server lets go 5 s after it heard of us last: by then nobody may still believe to hold it.
          if (clock.monotonicMs >= serverHeardAt + 4_000) expect(validity.isValid()).toBe(false);
        }
      }),
    );
  });
});
