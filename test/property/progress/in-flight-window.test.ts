import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransactionEnd } from '../../../src/model/position.ts';
import { InFlightWindow, type Holding, type Ticket } from '../../../src/progress/in-flight-window.ts';

const end = (offset: number): TransactionEnd => ({
  coordinates: { file: 'binlog.000001', offset },
  gtids: [String(offset)],
  lastVersion: offset,
});

const holding: Holding<TransactionEnd> = {
  merge: (older, newer) => ({ ...newer, gtids: [...older.gtids, ...newer.gtids] }),
  weigh: ({ gtids }) => gtids.length,
  maxWeight: 1_000,
};

describe('the in-flight window', () => {
  it('moves the watermark only over batches that are all acknowledged, forward, and only to transaction ends', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('open' as const), ends: fc.boolean() }),
      fc.record({ kind: fc.constant('acknowledge' as const), pick: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const reported: number[] = [];
        let coordinates = -1;
        const window = new InFlightWindow({
          maxBatches: 10_000,
          maxBytes: 1e9,
          holding,
          onWatermark: (passed) => {
            reported.push(...passed.gtids.map(Number));
            coordinates = passed.coordinates.offset;
          },
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
          expect(coordinates).toBe(reported.at(-1) ?? -1);
          const open = all.filter((batch) => !batch.acknowledged);
          expect(window.batches).toBe(open.length);
          expect(window.sizeBytes).toBe(10 * open.length);
          const held = all.slice(finished.length).filter((batch) => batch.acknowledged && batch.ends);
          expect(window.heldWeight).toBe(held.length);
        }
      }),
    );
  });

  it('reports every GTID in order, and in few ends, whatever the order behind the oldest batch', () => {
    const count = 2_000;
    const order = fc.array(fc.nat(), { minLength: count, maxLength: count });
    fc.assert(
      fc.property(order, fc.constantFrom('random', 'forward', 'backward'), (picks, kind) => {
        const reported: string[][] = [];
        const window = new InFlightWindow({
          maxBatches: 1e9,
          maxBytes: 1e9,
          holding,
          onWatermark: ({ gtids }) => reported.push([...gtids]),
        });
        const oldest = window.open(end(0), 10);
        const rest = picks.map((_, index) => ({ ticket: window.open(end(index + 1), 10), rank: picks[index] ?? 0 }));
        if (kind === 'random') rest.sort((a, b) => a.rank - b.rank);
        if (kind === 'backward') rest.reverse();
        for (const { ticket } of rest) window.acknowledge(ticket);
        expect(reported).toEqual([]);
        window.acknowledge(oldest);
        expect(reported.flat()).toEqual(Array.from({ length: count + 1 }, (_, index) => String(index)));
        // Of two neighbours that could not be merged, one weighs more than half of the most.
        expect(reported.length).toBeLessThan(2 + (2 * count) / 64);
      }),
      { numRuns: 20 },
    );
  });
});
