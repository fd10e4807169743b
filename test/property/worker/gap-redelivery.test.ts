import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { versionBehindGap } from '../../../src/model/version.ts';
import type { PartitionBatch } from '../../../src/ports.ts';
import { delivered, deleteOf, flushOf, planOf, plansOf, refreshOf } from '../../support/invalidations.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { workerHarness } from '../../support/worker-harness.ts';

const PARTITIONS = 3;
const KEYS = ['card:0', 'card:1', 'card:2'];
const plans = plansOf(planOf({ empty: null }));
const nowMs = new FakeClock().now();

const change = fc.record({
  key: fc.integer({ min: 0, max: KEYS.length - 1 }),
  action: fc.constantFrom('delete' as const, 'present' as const, 'present' as const),
  partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/**
 * `spread`: the records of one key stand in several partitions, as rules may have it. `fast`: versions before the gap were given
 * by a clock far ahead, and nobody remembers them. Both at once is more than is promised: a delete that such a version holds
 * back in one partition is not repeated in another.
 */
type World = 'plain' | 'spread' | 'fast';

const FLUSH_VERSION = versionBehindGap(1_000, nowMs);

function invalidationOf({ key, action, partition }: Change, version: number, world: World): Invalidation {
  const name = KEYS[key] ?? '';
  const more = { partitionKey: `p${world === 'spread' ? partition : key}` };
  if (action === 'delete') return deleteOf(name, version, { ...more, versioned: true });
  return refreshOf(name, version, { value: version }, more);
}

const before = (changes: readonly Change[], world: World): Invalidation[] =>
  changes.map((each, index) => invalidationOf(each, index + (world === 'fast' ? 8_000_000_000_000_000 : 1), world));
const after = (changes: readonly Change[], world: World): Invalidation[] =>
  changes.map((each, index) => invalidationOf(each, FLUSH_VERSION + 1 + index, world));
const flush = flushOf('card:*', FLUSH_VERSION, { reason: 'gap' });

const standsIn = (invalidation: Invalidation, partition: number): boolean =>
  invalidation.action === 'flush' || invalidation.partitionKey === `p${partition}`;

/** What a key must hold, or nothing. */
function newest(log: readonly Invalidation[]): Map<string, string | null> {
  const values = new Map<string, string | null>(KEYS.map((key) => [key, null]));
  for (const each of log) {
    values.set(each.key, each.action === 'refresh' ? JSON.stringify(each.row.columns) : null);
  }
  return values;
}

test.each(['plain', 'spread', 'fast'] as const)(
  'behind a gap no key holds anything old, however late the copies of its flush come, and however often: %s',
  async (world) => {
    const how = fc.record({
      order: fc.infiniteStream(fc.nat(PARTITIONS - 1)),
      sizes: fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
      back: fc.infiniteStream(fc.constantFrom(0, 0, 0, 1, 3)),
    });
    const changes = fc.array(change, { maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(changes, changes, how, async (missedBefore, seen, { order, sizes, back }) => {
        const { worker, cache, signal } = workerHarness({ plans });
        for (const key of KEYS) cache.fill(key, 'stale');
        const log = [...before(missedBefore, world), flush, ...after(seen, world)];
        const partitions = Array.from({ length: PARTITIONS }, (_, partition) =>
          log.filter((each) => standsIn(each, partition)),
        );
        const next = partitions.map(() => 0);
        while (partitions.some((records, partition) => (next[partition] ?? 0) < records.length)) {
          const partition = Number(order.next().value);
          const from = next[partition] ?? 0;
          const items = partitions[partition]?.slice(from, from + Number(sizes.next().value)) ?? [];
          if (items.length === 0) continue;
          const batch: PartitionBatch = { partition, items: items.map((each) => delivered(each)) };
          await worker.handle(batch, signal);
          // A redelivery is everything from there, in order.
          next[partition] = Math.max(0, from + items.length - Number(back.next().value));
        }
        const wanted = newest(after(seen, world));
        for (const key of KEYS) expect([null, wanted.get(key)]).toContain(cache.read(key));
        // And what comes then counts: no version of the past holds it back.
        const last = refreshOf(KEYS[0] ?? '', FLUSH_VERSION + 1_000, { value: 'last' });
        await worker.handle({ partition: 0, items: [delivered(last)] }, signal);
        expect(cache.read(last.key)).toBe('{"value":"last"}');
      }),
      { numRuns: 300 },
    );
  },
);
