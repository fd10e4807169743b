import { describe, expect, it } from 'vitest';
import type { DeliveredItem, PartitionBatch } from '../../../src/ports.ts';
import { DeadLetterLimit } from '../../../src/runtime/dead-letter-limit.ts';
import { deleteOf, delivered } from '../../support/invalidations.ts';
import { workerHarness } from '../../support/worker-harness.ts';

const poison = (count: number): DeliveredItem[] =>
  Array.from({ length: count }, (_, offset) => ({
    kind: 'unreadable',
    raw: '{',
    reason: 'not JSON',
    place: `t/0@${offset}`,
  }));
const batch = (...items: DeliveredItem[]): PartitionBatch => ({ partition: 0, items });
const good = (version: number): DeliveredItem => delivered(deleteOf('product:1', version));

describe('a worker with a limit of dead letters', () => {
  const start = () => workerHarness({ letterLimit: new DeadLetterLimit({ maxStreak: 20, maxShare: null }) });

  it('keeps them up to the limit, and nothing at all of the batch that goes beyond', async () => {
    const { worker, letters, signal } = start();
    await worker.handle(batch(good(1)), signal);
    await worker.handle(batch(...poison(20)), signal);
    expect(letters).toHaveLength(20);
    const finished: string[] = [];
    await expect(worker.handle(batch(...poison(1)), signal).then(() => finished.push('x'))).rejects.toMatchObject({
      code: 'DEAD_LETTERS_LIMIT',
    });
    expect(letters).toHaveLength(20);
    expect(finished).toEqual([]);
  });

  it('counts over all partitions, and begins anew when anything was applied', async () => {
    const { worker, letters, signal } = start();
    await worker.handle(batch(good(1)), signal);
    for (let round = 0; round < 5; round++) {
      await worker.handle({ partition: round, items: poison(20) }, signal);
      await worker.handle({ partition: round + 1, items: [good(round + 2)] }, signal);
    }
    expect(letters).toHaveLength(100);
  });

  it('judges a batch that was refused the same way again, and one with something applied as the end of the streak', async () => {
    const { worker, signal } = start();
    await worker.handle(batch(good(1)), signal);
    await worker.handle(batch(...poison(15)), signal);
    await expect(worker.handle(batch(...poison(6)), signal)).rejects.toMatchObject({ code: 'DEAD_LETTERS_LIMIT' });
    await worker.handle(batch(...poison(5), good(2), good(3)), signal);
    await worker.handle(batch(...poison(20)), signal);
  });
});
