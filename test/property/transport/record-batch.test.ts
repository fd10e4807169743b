import * as library from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ProducedRecord } from '../../../src/transport/kafka-producer.ts';
import { encodeRecordBatch } from '../../../src/transport/record-batch.ts';

const TIME = 1_790_000_000_123;
const HAS_LENGTH_OF_TWO_BYTES = 300;

const key = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary', minLength: HAS_LENGTH_OF_TWO_BYTES, maxLength: HAS_LENGTH_OF_TWO_BYTES }),
  fc.nat().map((id) => `product:${id}`),
  fc.constant('\ud800 alone'),
);
const value = fc.option(
  fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 20_000, maxLength: 20_000 })).map((each) => Buffer.from(each)),
);
const records = fc.array(fc.record({ key, value, partition: fc.constant(3) }), { minLength: 1, maxLength: 200 });
const writer = fc.record({
  producerId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  producerEpoch: fc.nat(32_767),
  firstSequence: fc.nat(2 ** 31 - 1),
});

/** The same by the library, which makes an object for each piece of it. */
function theirs(
  given: readonly ProducedRecord[],
  { producerId, producerEpoch, firstSequence }: Parameters<typeof encodeRecordBatch>[1],
): Buffer {
  const timestamp = BigInt(TIME);
  const messages = given.map((record) => ({
    topic: 't',
    partition: record.partition,
    key: Buffer.from(record.key),
    value: record.value as Buffer,
    headers: new Map<Buffer, Buffer>(),
    timestamp,
  }));
  const sequences = new library.NumericMap([['t:3', firstSequence]]);
  return library.createRecordsBatch(messages, {
    producerId,
    producerEpoch,
    sequences,
    partitionLeaderEpoch: -1,
  }).buffer;
}

it('a batch of records is, byte for byte, what the library makes of them', () => {
  fc.assert(
    fc.property(records, writer, (some, by) => {
      expect(encodeRecordBatch(some, by, TIME, library.crc32c).equals(theirs(some, by))).toBe(true);
    }),
  );
});

it('also of as many records as a request has', () => {
  const by = { producerId: 7n, producerEpoch: 1, firstSequence: 12 };
  const some = Array.from({ length: 20_000 }, (_, id) => ({ key: `${id}`, value: Buffer.from(`${id}`), partition: 3 }));
  expect(encodeRecordBatch(some, by, TIME, library.crc32c).equals(theirs(some, by))).toBe(true);
});
