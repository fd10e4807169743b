import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransactionEnd } from '../../../src/model/position.ts';
import { InFlightWindow, type Ticket } from '../../../src/progress/in-flight-window.ts';

const end = (offset: number): TransactionEnd => ({
  coordinates: { file: 'binlog.000001', offset },
  gtids: [],
  lastVersion: offset,
});

describe('the in-flight window', () => {
  it('moves the watermark only over batches that are all acknowledged, forward, and only to transaction ends', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('open' as const), ends: fc.boolean() }),
      fc.record({ kind: fc.constant('acknowledge' as const), pick: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const reported: number[] = [];
        const window = new InFlightWindow({
          maxBatches: 10_000,
          maxBytes: 1e9,
          onWatermark: ({ coordinates }) => reported.push(coordinates.offset),
        });
        const all: { ticket: Ticket; ends: boolean; acknowledged: boolean }[] = [];
        for (const { kind, ...rest } of steps) {
          if (kind === 'open' && 'ends' in rest) {
            const ticket = window.open(rest.ends ? end(all.length) : null, 10);
            all.push({ ticket, ends: rest.ends, acknowledged: false });
          } else if ('pick' in rest) {
            const open = all.filter((batch) => !batch.acknowledged);
            const chosen = open[rest.pick % Math.max(1, open.length)];
            if (chosen === undefined) continue;
            chosen.acknowledged = true;
            window.acknowledge(chosen.ticket);
          }
          const firstOpen = all.findIndex((batch) => !batch.acknowledged);
          const finished = firstOpen < 0 ? all : all.slice(0, firstOpen);
          // I1 and I3: exactly the ends of the finished prefix, each once, in order. I2: nothing beyond it.
          expect(reported).toEqual(finished.flatMap((batch, index) => (batch.ends ? [index] : [])));
          expect(window.batches).toBe(all.length - finished.length);
          expect(window.sizeBytes).toBe(10 * (all.length - finished.length));
        }
      }),
    );
  });
});
