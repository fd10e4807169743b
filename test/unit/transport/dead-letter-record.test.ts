import { describe, expect, it } from 'vitest';
import { deadLetterKey, encodeDeadLetter } from '../../../src/transport/dead-letter-record.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import type { UnmappedChange } from '../../../src/ports.ts';
import { deleteOf, delivered, ORIGIN } from '../../support/invalidations.ts';

const unmapped = (more: Partial<UnmappedChange> = {}): UnmappedChange => ({
  kind: 'unmapped',
  rule: 'product',
  origin: ORIGIN,
  version: 7,
  before: { id: 1, tags: '["a"]' },
  after: null,
  place: 'binlog.000001:157',
  ...more,
});

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

  it('holds the row that a rule could not be applied to, and says which rule and where', () => {
    const letter = { reason: 'RULE_TOO_MANY_KEYS: 101 keys', item: unmapped(), target: null };
    const [record] = [JSON.parse(encodeRecord(deleteOf('a', 7))) as Record<string, unknown>];
    const { rules, database, table, op, primary_key, gtid, binlog, commit_time, capture_time } = record ?? {};
    expect(JSON.parse(encodeDeadLetter(letter, 1_700_000_000_000))).toEqual({
      v: 1,
      reason: 'RULE_TOO_MANY_KEYS: 101 keys',
      target: null,
      place: 'binlog.000001:157',
      kept_at: '2023-11-14T22:13:20.000Z',
      change: {
        rule: 'product',
        version: 7,
        ...{ rules, database, table, op, primary_key, gtid, binlog, commit_time, capture_time },
        before: { id: 1, tags: '["a"]' },
        after: null,
      },
    });
    expect(deadLetterKey(letter)).toBe('binlog.000001:157');
  });

  it('leaves out the images of a row that is too large for a record', () => {
    const item = unmapped({ after: { id: 1, text: 'ü'.repeat(500_000) } });
    const text = encodeDeadLetter({ reason: 'x', item, target: null }, 0);
    expect(Buffer.byteLength(text)).toBeLessThan(10_000);
    const letter = JSON.parse(text) as { truncated: boolean; change: object };
    expect(letter.truncated).toBe(true);
    expect(letter.change).toMatchObject({ rule: 'product', primary_key: { id: 1 } });
    expect(letter.change).not.toHaveProperty('after');
    expect(letter.change).not.toHaveProperty('before');
  });

  it('stays below the size of a record, however much escaping adds', () => {
    const text = encodeDeadLetter({ reason: 'x', item: unreadable('\u0000'.repeat(1_000_000)), target: null }, 0);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    expect(JSON.parse(text)).toMatchObject({ truncated: true });
  });
});
