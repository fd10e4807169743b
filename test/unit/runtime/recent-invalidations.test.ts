import { describe, expect, it } from 'vitest';
import { RecentInvalidations } from '../../../src/runtime/recent-invalidations.ts';
import { deleteOf } from '../../support/invalidations.ts';

describe('the newest invalidations', () => {
  it('are remembered up to their number, in their order', () => {
    const recent = new RecentInvalidations(3);
    for (let version = 1; version <= 5; version++) recent.add(deleteOf(`key:${version}`, version));
    expect(recent.all().map(({ version }) => version)).toEqual([3, 4, 5]);
  });

  it('are fewer when they are large, and many again when they are not', () => {
    const recent = new RecentInvalidations(10_000);
    for (let version = 1; version <= 5_000; version++)
      recent.add(deleteOf(`${version}:${'k'.repeat(16_000)}`, version));
    expect(recent.all().length).toBeGreaterThan(400);
    expect(recent.all().length).toBeLessThan(600);
    expect(recent.all().at(-1)?.version).toBe(5_000);
    for (let version = 5_001; version <= 20_000; version++) recent.add(deleteOf('k', version));
    expect(recent.all()).toHaveLength(10_000);
  });
});
