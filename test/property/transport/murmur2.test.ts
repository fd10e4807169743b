import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionFor } from '../../../src/transport/murmur2.ts';

describe('the partition of a key', () => {
  const kafkajs = Partitioners.DefaultPartitioner();
  const metadata = (partitions: number) =>
    Array.from({ length: partitions }, (_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 1,
      replicas: [1],
      isr: [1],
    }));
  const expected = (key: string, partitions: number): number =>
    kafkajs({ topic: 'any', partitionMetadata: metadata(partitions), message: { key, value: null } });

  it('is the one of the default partitioner, for ASCII, any Unicode, and broken Unicode', () => {
    const key = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'grapheme' }), utf16());
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 100 }), (text, partitions) => {
        expect(partitionFor(text, partitions)).toBe(expected(text, partitions));
      }),
      { numRuns: 2_000 },
    );
  });

  /** Values of the Java client's own test (UtilsTest.testMurmur2). */
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('comes from the hash that Java has for %s', (key, hash) => expect(murmur2(key)).toBe(hash));
});

/** Any UTF-16, also half surrogate pairs. */
function utf16(): fc.Arbitrary<string> {
  return fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
}
