import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOperations, topicOperations } from '../../../src/transport/kafka-operations.ts';

const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
const NULL = int16(-1);
const bits = (...numbers: number[]): Buffer => int32(numbers.reduce((sum, number) => sum | (1 << number), 0));

const brokers = Buffer.concat([int32(1), int32(1), text('host'), int32(9092), NULL]);
const ids = Buffer.concat([int32(2), int32(1), int32(2)]);
const partition = Buffer.concat([int16(0), int32(0), int32(1), int32(5), ids, ids, int32(0)]);
const topic = (error: number, name: string, partitions: Buffer[], operations: Buffer): Buffer =>
  Buffer.concat([int16(error), text(name), Buffer.from([0]), int32(partitions.length), ...partitions, operations]);
const metadata = (...topics: Buffer[]): Buffer =>
  Buffer.concat([int32(0), brokers, text('cluster'), int32(1), int32(topics.length), ...topics, int32(-(2 ** 31))]);

describe('the operations that brokers allow', () => {
  it('on topics are read from an answer to Metadata 8', () => {
    const answer = metadata(
      topic(0, 'a', [partition, partition], bits(3, 8, 10)),
      topic(29, 'b', [], int32(-(2 ** 31))),
      topic(3, 'ü', [], bits(4, 31)),
    );
    expect(topicOperations([]).read(answer)).toEqual([
      { name: 'a', error: 0, operations: new Set(['READ', 'DESCRIBE', 'DESCRIBE_CONFIGS']) },
      { name: 'b', error: 29, operations: null },
      { name: 'ü', error: 3, operations: new Set(['WRITE']) },
    ]);
  });

  it('on groups are read from an answer to DescribeGroups 3, members or none', () => {
    const member = Buffer.concat([text('m'), text('client'), text('/host'), int32(3), Buffer.from('abc'), int32(0)]);
    const group = (members: Buffer[], operations: Buffer): Buffer =>
      Buffer.concat([
        int16(0),
        text('g'),
        text('Stable'),
        text('consumer'),
        text(''),
        int32(members.length),
        ...members,
        operations,
      ]);
    const answer = Buffer.concat([int32(0), int32(2), group([member], bits(3)), group([], bits(8))]);
    expect(
      groupOperations([])
        .read(answer)
        .map(({ operations }) => [...(operations ?? [])]),
    ).toEqual([['READ'], ['DESCRIBE']]);
  });

  it('are asked for with the names, and with nothing that could create a topic', () => {
    const names = Buffer.concat([int32(2), text('a'), text('ü')]);
    expect(topicOperations(['a', 'ü']).body).toEqual(Buffer.concat([names, Buffer.from([0, 0, 1])]));
    expect(groupOperations(['a', 'ü']).body).toEqual(Buffer.concat([names, Buffer.from([1])]));
  });

  it('of a hostile answer are refused at once, whatever lengths it claims', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.constantFrom(topicOperations([]), groupOperations([])), (answer, request) => {
        try {
          return Array.isArray(request.read(Buffer.from(answer)));
        } catch (error) {
          return error instanceof RangeError;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
