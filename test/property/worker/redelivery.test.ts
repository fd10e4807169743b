import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { PartitionBatch } from '../../../src/ports.ts';
import { delivered, deleteOf, planOf, refreshOf } from '../../support/invalidations.ts';
import { workerHarness } from '../../support/worker-harness.ts';

const PARTITIONS = 3;
const plans = new Map([
  ['card', planOf({ empty: null })],
  ['list', planOf({ rule: 'list', store: 'hash', empty: { value: 'none', ttlMs: 1_000 } })],
]);

/** What row changes do to five keys; three belong to refresh rules, so every delete of theirs is versioned. */
const change = fc.record({
  key: fc.integer({ min: 0, max: 4 }),
  action: fc.constantFrom('delete', 'present', 'gone', 'unknown'),
  /** Only for keys with versions: the rule may have said `partition_key: table`, or nothing. */
  partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
});

/** Where a replay of the source begins again, and where the records of a partition are cut into batches. */
const delivery = fc.record({
  replays: fc.array(fc.record({ after: fc.nat(40), back: fc.nat(10) }), { maxLength: 4 }),
  cuts: fc.infiniteStream(fc.integer({ min: 1, max: 6 })),
  /** How many batches are delivered again after each one; a consumer that crashed goes back to its last commit. */
  again: fc.infiniteStream(fc.constantFrom(0, 0, 0, 0, 1, 2)),
  order: fc.infiniteStream(fc.nat(PARTITIONS - 1)),
});

type Change = { key: number; action: 'delete' | 'present' | 'gone' | 'unknown'; partition: number };

function invalidationOf({ key, action, partition }: Change, version: number): Invalidation {
  if (key >= 3) return deleteOf(`plain:${key}`, version, { partitionKey: `p${key % PARTITIONS}` });
  const name = `card:${key}`;
  const more = { partitionKey: `p${partition}`, rule: key === 2 ? 'list' : 'card' };
  if (action === 'delete') return deleteOf(name, version, { ...more, versioned: true });
  if (action === 'unknown') return refreshOf(name, version, { version }, { ...more, rule: 'of-tomorrow' });
  return refreshOf(name, version, action === 'present' ? { version, note: null } : null, more);
}

/** The source goes back now and then and sends again what it sent, with the same versions, then goes on. */
function sent(log: readonly Invalidation[], replays: readonly { after: number; back: number }[]): Invalidation[] {
  const records: Invalidation[] = [];
  let at = 0;
  for (const { after, back } of [...replays].sort((a, b) => a.after - b.after)) {
    records.push(...log.slice(at, after));
    at = Math.max(0, Math.min(log.length, Math.max(at, after)) - back);
  }
  return [...records, ...log.slice(at)];
}

const partitionOf = (invalidation: Invalidation): number => Number(invalidation.partitionKey.slice(1));

async function finalState(batches: Iterable<PartitionBatch>, filled: readonly string[]): Promise<unknown> {
  const { worker, cache, signal } = workerHarness({ plans });
  for (const key of filled) cache.fill(key, 'stale');
  for (const batch of batches) await worker.handle(batch, signal);
  const versions = filled.map((key) => cache.version(key));
  return { contents: cache.contents(), versions };
}

/** One record per batch, in commit order, once. */
const once = (log: readonly Invalidation[]): PartitionBatch[] =>
  log.map((invalidation) => ({ partition: partitionOf(invalidation), items: [delivered(invalidation)] }));

function* interleaved(
  records: readonly Invalidation[],
  { cuts, again, order }: { cuts: Iterator<number>; again: Iterator<number>; order: Iterator<number> },
): Generator<PartitionBatch> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) =>
    cut(
      records.filter((record) => partitionOf(record) === partition),
      partition,
      cuts,
    ),
  );
  const next = partitions.map(() => 0);
  while (partitions.some((batches, partition) => (next[partition] ?? 0) < batches.length)) {
    const partition = Number(order.next().value);
    const batch = partitions[partition]?.[next[partition] ?? 0];
    if (batch === undefined) continue;
    yield batch;
    const back = Number(again.next().value);
    // Going back is itself a redelivery of everything from there, in order.
    next[partition] = Math.max(0, (next[partition] ?? 0) + 1 - back);
  }
}

function cut(records: readonly Invalidation[], partition: number, cuts: Iterator<number>): PartitionBatch[] {
  const batches: PartitionBatch[] = [];
  for (let at = 0; at < records.length;) {
    const size = Number(cuts.next().value);
    batches.push({ partition, items: records.slice(at, at + size).map((record) => delivered(record)) });
    at += size;
  }
  return batches;
}

describe('a worker under redelivery', () => {
  test('ends where applying every record once in commit order ends, however batches are cut, repeated and interleaved', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), delivery, async (changes, how) => {
        const log = changes.map((change, index) => invalidationOf(change, index + 1));
        const filled = [...new Set(log.map(({ key }) => key))];
        const expected = await finalState(once(log), filled);
        const actual = await finalState(interleaved(sent(log, how.replays), how), filled);
        expect(actual).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('ends there too when old records come long after the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(29), { maxLength: 30 }),
        async (changes, stragglers) => {
          const log = changes.map((change, index) => invalidationOf(change, index + 1));
          const filled = [...new Set(log.map(({ key }) => key))];
          const late = stragglers.flatMap((index) => log[index] ?? []);
          const expected = await finalState(once(log), filled);
          expect(await finalState([...once(log), ...once(late)], filled)).toEqual(expected);
          expect(
            await finalState([{ partition: 0, items: [...log, ...late].map((record) => delivered(record)) }], filled),
          ).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
