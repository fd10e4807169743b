import { describe, expect, it } from 'vitest';
import { deadLetterKey, encodeDeadLetter } from '../../../src/transport/dead-letter-record.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { deleteOf, delivered } from '../../support/invalidations.ts';

const unreadable = (raw: string) =>
  ({ kind: 'unreadable', raw, reason: 'the value is not JSON', place: 'sluice/3@17' }) as const;

describe('a dead letter as a record', () => {
  it('says why, for which target, where and when, and holds the record itself', () => {
    const invalidation = deleteOf('product:1', 7, { partitionKey: 'shop' });
    const letter = {
      reason: 'READ_REFUSED: no such "table"',
      item: delivered(invalidation, 'sluice/3@17'),
      target: 'main',
    };
    expect(JSON.parse(encodeDeadLetter(letter, 1_700_000_000_000))).toEqual({
      v: 1,
      reason: 'READ_REFUSED: no such "table"',
      target: 'main',
      place: 'sluice/3@17',
      kept_at: '2023-11-14T22:13:20.000Z',
      record: JSON.parse(encodeRecord(invalidation)) as unknown,
    });
    expect(deadLetterKey(letter)).toBe('shop');
  });

  it('holds the text of a record that could not be read', () => {
    const letter = { reason: 'the value is not JSON', item: unreadable('{"half'), target: null };
    expect(JSON.parse(encodeDeadLetter(letter, 0))).toMatchObject({ raw: '{"half', target: null });
    expect(deadLetterKey(letter)).toBe('sluice/3@17');
  });

  it('stays below the size of a record, however much escaping adds', () => {
    const text = encodeDeadLetter({ reason: 'x', item: unreadable('\u0000'.repeat(1_000_000)), target: null }, 0);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(JSON.parse(text)).toMatchObject({ truncated: true });
  });
});
