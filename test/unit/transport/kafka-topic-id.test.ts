import { describe, expect, it } from 'vitest';
import { topicIdOf } from '../../../src/transport/kafka-topic-id.ts';

/** An answer to Metadata 10 about one topic, as Kafka writes it: lengths are one more than they are. */
function answer({ error, id, rack = '' }: { error: number; id: string; rack?: string }): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
  const int32 = Buffer.from([0, 0, 0, 1]);
  const broker = Buffer.concat([int32, text('host'), int32, rack === '' ? Buffer.from([0]) : text(rack), NO_FIELDS]);
  const aField = Buffer.from([1, 7, 2, 0xaa, 0xbb]);
  return Buffer.concat([
    aField, // the header's
    int32,
    ...[Buffer.from([3]), broker, broker],
    text('cluster'),
    int32,
    ...[Buffer.from([2, 0, error]), text('a'), Buffer.from(id, 'hex')],
    Buffer.from('what comes behind is not read'),
  ]);
}

const NO_FIELDS = Buffer.from([0]);
const ID = '00112233445566778899aabbccddeeff';

describe('the id of a topic', () => {
  it('is read from an answer to Metadata 10', () => {
    expect(topicIdOf('a').read(answer({ error: 0, id: ID }))).toEqual({ error: 0, id: ID });
    expect(topicIdOf('a').read(answer({ error: 0, id: ID, rack: 'r1' }))).toEqual({ error: 0, id: ID });
  });

  it('is none where the cluster gives no ids, or there is no such topic', () => {
    const none = '0'.repeat(32);
    expect(topicIdOf('a').read(answer({ error: 0, id: none }))).toEqual({ error: 0, id: null });
    expect(topicIdOf('a').read(answer({ error: 3, id: none }))).toEqual({ error: 3, id: null });
  });

  it('throws on an answer that is cut short, wherever that is', () => {
    const whole = answer({ error: 0, id: ID });
    const end = whole.indexOf(Buffer.from(ID, 'hex')) + 16;
    for (let length = 0; length < end; length++) {
      expect(() => topicIdOf('a').read(whole.subarray(0, length)), `${length}`).toThrow(RangeError);
    }
  });

  it('is asked for by the name, a long one too, and nothing is created', () => {
    const body = (name: string): string => topicIdOf(name).body.toString('hex');
    expect(body('ab')).toBe(`0002${'0'.repeat(32)}03${'6162'}0000000000`);
    expect(body('a'.repeat(249))).toBe(`0002${'0'.repeat(32)}fa01${'61'.repeat(249)}0000000000`);
  });
});
