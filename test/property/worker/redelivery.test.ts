import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import type { PartitionBatch } from '../../../src/ports.ts';
import { delivered, deleteOf, flushOf, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { workerHarness } from '../../support/worker-harness.ts';

const PARTITIONS = 3;
const plans = plansOf(
  planOf({ empty: null }),
  planOf({ rule: 'list', store: 'hash', empty: { value: 'none', ttlMs: 1_000 } }),
);

/** What changes do to five keys; three belong to refresh rules, so every delete of theirs is versioned. */
const change = (...actions: Change['action'][]) =>
  fc.record({
    key: fc.integer({ min: 0, max: 4 }),
    action: fc.constantFrom(...actions),
    /** Only for keys with versions: the rule may have said `partition_key: table`, or nothing. */
    partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
  });

/** With and without flushes, because without them more is promised about versions. */
const changes = (maxLength: number) =>
  fc.oneof(
    fc.array(change('delete', 'present', 'gone', 'unknown'), { minLength: 1, maxLength }),
    fc.array(change('delete', 'present', 'present', 'gone', 'unknown', 'flush'), { minLength: 1, maxLength }),
  );

/** Where a replay of the source begins again, and where the records of a partition are cut into batches. */
const delivery = fc.record({
  replays: fc.array(fc.record({ after: fc.nat(40), back: fc.nat(10) }), { maxLength: 4 }),
  cuts: fc.infiniteStream(fc.integer({ min: 1, max: 6 })),
  /** How many batches are delivered again after each one; a consumer that crashed goes back to its last commit. */
  again: fc.infiniteStream(fc.constantFrom(0, 0, 0, 0, 1, 2)),
  order: fc.infiniteStream(fc.nat(PARTITIONS - 1)),
});

type Change = { key: number; action: 'delete' | 'present' | 'gone' | 'unknown' | 'flush'; partition: number };

function invalidationOf({ key, action, partition }: Change, version: number): Invalidation {
  // Of all keys with versions; it travels in every partition.
  if (action === 'flush') return flushOf('card:*', version);
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

const partitionOf = (invalidation: Invalidation): number =>
  invalidation.action === 'flush' ? 0 : Number(invalidation.partitionKey.slice(1));

const standsIn = (invalidation: Invalidation, partition: number): boolean =>
  invalidation.action === 'flush' || partitionOf(invalidation) === partition;

const keysOf = (log: readonly Invalidation[]): string[] => [
  ...new Set(log.filter(({ action }) => action !== 'flush').map(({ key }) => key)),
];

interface State {
  /** Key and value, as an application sees them. */
  readonly contents: readonly unknown[];
  readonly versions: readonly (number | null)[];
}

/** Each list of batches is a partition: they are worked off side by side. */
async function finalState(
  partitions: readonly Iterable<PartitionBatch>[],
  filled: readonly string[],
  pauses: Iterator<number> = [].values(),
): Promise<State> {
  const { worker, cache, signal } = workerHarness({ plans });
  for (const key of filled) cache.fill(key, 'stale');
  await Promise.all(
    partitions.map(async (batches) => {
      for (const batch of batches) {
        await worker.handle(batch, signal);
        for (let turns = Number(pauses.next().value ?? 0); turns > 0; turns--) await Promise.resolve();
      }
    }),
  );
  return { contents: cache.contents(), versions: filled.map((key) => cache.version(key)) };
}

/**
 * The same for applications. Versions too, but where there are flushes: one that comes early raises the version of a key
 * that it would not have found later. Never is one lower than it has to be.
 */
function expectSame(actual: State, expected: State, log: readonly Invalidation[]): void {
  expect(actual.contents).toEqual(expected.contents);
  if (log.every(({ action }) => action !== 'flush')) expect(actual.versions).toEqual(expected.versions);
  else {
    for (const [index, version] of expected.versions.entries()) {
      expect(actual.versions[index] ?? 0).toBeGreaterThanOrEqual(version ?? 0);
    }
  }
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
      records.filter((record) => standsIn(record, partition)),
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
      fc.asyncProperty(changes(40), delivery, async (made, how) => {
        const log = made.map((each, index) => invalidationOf(each, index + 1));
        const filled = keysOf(log);
        const expected = await finalState([once(log)], filled);
        const actual = await finalState([interleaved(sent(log, how.replays), how)], filled);
        expectSame(actual, expected, log);
      }),
      { numRuns: 300 },
    );
  });

  test('ends there too when partitions are worked off at the same time, and flushes take long', async () => {
    const pauses = fc.infiniteStream(fc.nat(12));
    await fc.assert(
      fc.asyncProperty(changes(40), delivery, pauses, async (made, how, turns) => {
        const log = made.map((each, index) => invalidationOf(each, index + 1));
        const filled = keysOf(log);
        const expected = await finalState([once(log)], filled);
        const records = sent(log, how.replays);
        const partitions = Array.from({ length: PARTITIONS }, (_, partition) =>
          cut(
            records.filter((record) => standsIn(record, partition)),
            partition,
            how.cuts,
          ),
        );
        expectSame(await finalState(partitions, filled, turns), expected, log);
      }),
      { numRuns: 300 },
    );
  });

  test('ends there too when old records come long after the end', async () => {
    await fc.assert(
      fc.asyncProperty(changes(30), fc.array(fc.nat(29), { maxLength: 30 }), async (made, stragglers) => {
        const log = made.map((each, index) => invalidationOf(each, index + 1));
        const filled = keysOf(log);
        const late = stragglers.flatMap((index) => log[index] ?? []);
        const expected = await finalState([once(log)], filled);
        expectSame(await finalState([[...once(log), ...once(late)]], filled), expected, log);
        const together = { partition: 0, items: [...log, ...late].map((record) => delivered(record)) };
        expectSame(await finalState([[together]], filled), expected, log);
      }),
      { numRuns: 300 },
    );
  });
});
