import { describe, expect, it } from 'vitest';
import { PositionTracker } from '../../src/model/position-tracker.ts';
import type { ResumePoint } from '../../src/model/position.ts';
import type { Change, RowChange } from '../../src/model/row-change.ts';
import type { ChangeSource } from '../../src/ports.ts';

export interface ChangeSourceHarness {
  readonly source: ChangeSource;
  /** One transaction that inserts rows with these ids, in this order. */
  commit(ids: readonly number[]): Promise<void>;
  /** Other tests may write to the same server. */
  isOwn(change: RowChange): boolean;
}

const isRow = (change: Change): change is RowChange => change.kind === 'row';

interface Seen {
  readonly id: number;
  readonly version: number;
}

/** What the ChangeSource port promises, whoever implements it. */
export function describeChangeSource(name: string, open: () => Promise<ChangeSourceHarness>): void {
  describe(`the change source port: ${name}`, () => {
    it('delivers every change after the position, in commit order, with versions that grow', async () => {
      const harness = await open();
      await harness.commit([100]);
      const from = await startNow(harness.source);
      await harness.commit([1, 2]);
      await harness.commit([3]);
      await harness.commit([5, 4]);
      const { seen } = await read(harness, from, 5);
      expect(seen.map(({ id }) => id)).toEqual([1, 2, 3, 5, 4]);
      for (const [index, { version }] of seen.entries()) {
        expect(version).toBeGreaterThan(seen[index - 1]?.version ?? 0);
      }
    });

    it('delivers what is committed while somebody waits for it', async () => {
      const harness = await open();
      const reading = read(harness, await startNow(harness.source), 2);
      await harness.commit([7]);
      await harness.commit([8]);
      expect((await reading).seen.map(({ id }) => id)).toEqual([7, 8]);
    });

    it('can be resumed from the end of any batch: nothing lost, nothing repeated, the same versions', async () => {
      const harness = await open();
      const from = await startNow(harness.source);
      for (let id = 0; id < 6; id++) await harness.commit([id, id + 100]);
      const whole = await read(harness, from, 12);
      for (const { point, before } of whole.ends.filter((end) => end.before < 12)) {
        const rest = await read(harness, point, 12 - before);
        expect(rest.seen).toEqual(whole.seen.slice(before));
      }
    });

    it('settles soon after it was aborted, also while it waits for the next change', async () => {
      const harness = await open();
      const stop = new AbortController();
      const from = await startNow(harness.source);
      await harness.commit([1]);
      for await (const batch of harness.source.changes(from, stop.signal)) {
        if (batch.changes.filter(isRow).some((change) => harness.isOwn(change))) setImmediate(() => stop.abort());
      }
      expect(stop.signal.aborted).toBe(true);
    });
  });
}

async function startNow(source: ChangeSource): Promise<ResumePoint> {
  return { position: await source.locate({ kind: 'now' }, new AbortController().signal), lastVersion: 0 };
}

/** Reads until `count` own changes were seen; notes where each batch ended and how many had been seen by then. */
async function read(
  harness: ChangeSourceHarness,
  from: ResumePoint,
  count: number,
): Promise<{ seen: Seen[]; ends: { point: ResumePoint; before: number }[] }> {
  const stop = new AbortController();
  const tracker = new PositionTracker(from);
  const seen: Seen[] = [];
  const ends: { point: ResumePoint; before: number }[] = [{ point: from, before: 0 }];
  for await (const batch of harness.source.changes(from, stop.signal)) {
    const own = batch.changes.filter(isRow).filter((change) => harness.isOwn(change));
    seen.push(...own.map(({ after, version }) => ({ id: Number(after?.['id']), version })));
    if (batch.end !== null) {
      tracker.advance(batch.end);
      ends.push({ point: tracker.resumePoint(), before: seen.length });
    }
    if (seen.length >= count) break;
  }
  stop.abort();
  return { seen, ends };
}
