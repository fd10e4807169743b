import { describe, expect, it } from 'vitest';
import type { GapPolicy } from '../../src/model/gap.ts';
import type { BatchHandler, PartitionBatch } from '../../src/ports.ts';
import { RecordLosses } from '../../src/record-loss.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { Metrics } from '../../src/runtime/metrics.ts';
import { deleteOf, flushOf } from '../support/invalidations.ts';
import { FakeClock } from '../support/fake-clock.ts';

const item = { kind: 'invalidation', invalidation: deleteOf('a', 1), place: 't/2@7' } as const;
const lost: PartitionBatch = { partition: 2, items: [item], lost: { reason: 'topic_recreated', partitions: [2, 5] } };
const signal = new AbortController().signal;

function lossesWith(onGap: GapPolicy, handle?: BatchHandler) {
  const metrics = new Metrics();
  const given: PartitionBatch[] = [];
  const losses = new RecordLosses({
    pipeline: 'shop.main',
    onGap,
    flush: (version) => ({ invalidations: [{ ...flushOf('product:*', version) }], unflushed: [] }),
    handle:
      handle ??
      ((batch) => {
        given.push(batch);
        return Promise.resolve(null);
      }),
    clock: new FakeClock(),
    logger: silentLogger,
    metrics,
  });
  const pending = () => metrics.value('sluice_gap_flush_pending', { pipeline: 'shop.main' });
  return { losses, given, metrics, pending };
}

describe('records that were lost', () => {
  it('are nothing to a batch that lost none', async () => {
    const { losses, given } = lossesWith('halt');
    const batch = { partition: 2, items: [item] };
    await losses.handle(batch, signal);
    expect(given).toEqual([batch]);
  });

  it('become a flush of what the rules own, in their place, and one of its own each time', async () => {
    const { losses, given, metrics } = lossesWith('flush');
    await losses.handle(lost, signal);
    await losses.handle(lost, signal);
    expect(given.map(({ items }) => items.length)).toEqual([2, 2]);
    const flushes = given.flatMap(({ items }) => (items[0]?.kind === 'invalidation' ? [items[0].invalidation] : []));
    expect(flushes.map(({ action, key }) => `${action} ${key}`)).toEqual(['flush product:*', 'flush product:*']);
    expect(new Set(flushes.map(({ version }) => version)).size).toBe(2);
    expect(given[0]?.items[1]).toBe(item);
    expect(await metrics.text()).toContain(
      'sluice_gaps_total{pipeline="shop.main",reason="topic_recreated",policy="flush"} 2',
    );
  });

  it('leave the process not ready until the flush is finished, its second time too', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const { losses, pending } = lossesWith('flush', () => Promise.resolve({ finished }));
    expect(await pending()).toBe(0);
    await losses.handle(lost, signal);
    expect(await pending()).toBe(1);
    finish();
    await finished;
    expect(await pending()).toBe(0);
  });

  it('do not leave it so for ever when somebody else has to flush', async () => {
    const { losses, pending } = lossesWith('flush', () => Promise.reject(new Error('taken away')));
    await expect(losses.handle(lost, signal)).rejects.toThrow('taken away');
    expect(await pending()).toBe(0);
  });

  it('end the process with a policy of halt, and touch nothing', async () => {
    const { losses, given } = lossesWith('halt');
    await expect(losses.handle(lost, signal)).rejects.toMatchObject({ code: 'RECORDS_LOST', exitCode: 3 });
    expect(given).toEqual([]);
  });

  it('are only told with a policy of ignore', async () => {
    const { losses, given, metrics } = lossesWith('ignore');
    await losses.handle(lost, signal);
    expect(given).toEqual([{ partition: 2, items: [item] }]);
    expect(await metrics.text()).toContain('reason="topic_recreated",policy="ignore"} 1');
  });
});
