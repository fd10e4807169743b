import { describe, expect, it } from 'vitest';
import { batchLength, MAX_BATCH_BYTES } from '../../../src/transport/batch-bound.ts';

const bytesOf = (bytes: number): number => bytes;

describe('a batch', () => {
  it('ends before it weighs too much, but never before it has one', () => {
    const half = MAX_BATCH_BYTES / 2;
    expect(batchLength([half, half, 1], 0, { maxItems: 10, bytesOf })).toBe(2);
    expect(batchLength([half, half, 1], 1, { maxItems: 10, bytesOf })).toBe(2);
    expect(batchLength([MAX_BATCH_BYTES * 9, 1], 0, { maxItems: 10, bytesOf })).toBe(1);
    expect(batchLength([1, MAX_BATCH_BYTES * 9], 0, { maxItems: 10, bytesOf })).toBe(1);
  });

  it('has at most so many, and no more than there are', () => {
    expect(batchLength([1, 1, 1], 0, { maxItems: 2, bytesOf })).toBe(2);
    expect(batchLength([1, 1, 1], 2, { maxItems: 2, bytesOf })).toBe(1);
    expect(batchLength([], 0, { maxItems: 2, bytesOf })).toBe(0);
  });
});
