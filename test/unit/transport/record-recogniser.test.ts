import { describe, expect, it } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { decodeRecord } from '../../../src/transport/record-decoder.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { RecordRecogniser } from '../../../src/transport/record-recogniser.ts';
import { deleteOf, epochOf, flushOf, ORIGIN, plain, refreshOf, TRUNCATE } from '../../support/invalidations.ts';

const recogniser = new RecordRecogniser();
const recognise = (invalidation: Invalidation, value = encodeRecord(invalidation)): Invalidation | null => {
  const recognised = recogniser.recognise({ key: Buffer.from(invalidation.partitionKey), value: Buffer.from(value) });
  return recognised === null ? null : plain(recognised);
};
const withOrigin = (more: Partial<typeof ORIGIN>) => deleteOf('product:1', 7, { origin: { ...ORIGIN, ...more } });

describe('the recogniser', () => {
  it.each<[string, Invalidation]>([
    ['a delete', deleteOf('product:1', 7)],
    ['a versioned delete', deleteOf('product:1', 1_790_000_000_000_000, { versioned: true })],
    ['a delete that is done again', deleteOf('product:1', 7, { againAfterMs: 100 })],
    ['both, under a partition key', deleteOf('p', 7, { versioned: true, againAfterMs: 600_000, partitionKey: 'shop' })],
    ['a record of a time before rule sets had a hash', withOrigin({ ruleSet: '' })],
    ['a GTID, and times in microseconds', withOrigin({ gtid: 'a:1', commitTimeMs: 1_700_000_000_000.25 })],
    ['no primary key', withOrigin({ primaryKey: null })],
    [
      'a primary key of several columns',
      withOrigin({ primaryKey: { a: -1.5, b: 'x"\\\n\ud800', c: true, gtid: null } }),
    ],
    ['a leap day', withOrigin({ commitTimeMs: Date.UTC(2028, 1, 29) })],
    ['a refresh by query', refreshOf('card:1', 7, { id: 1 })],
    ['a refresh of a row that is gone', refreshOf('card:1', 7, null)],
    ['a refresh of any row', refreshOf('card:1', 7, { id: 1, name: 'ü"\\\n✓', tags: [null, { a: 1e300 }] })],
    ['a refresh of a large row', refreshOf('card:1', 7, { text: 'ü'.repeat(1_000_000) })],
  ])('knows %s', (_, invalidation) => {
    expect(recognise(invalidation)).toEqual(invalidation);
  });

  it.each<[string, Invalidation]>([
    ['a flush', flushOf('card:*', 7)],
    ['an epoch', epochOf('shop.products', 7)],
    ['a delete by a table change', deleteOf('products:all', 7, { origin: TRUNCATE })],
    ['a key with an escape', deleteOf('a"b', 7)],
    ['a key that is not ASCII', deleteOf('ü', 7)],
    ['a key of Sluice itself', deleteOf('sluice:checkpoint', 7, { partitionKey: 'a' })],
    ['a primary key with JSON in it', withOrigin({ primaryKey: { id: [1] } })],
    ['a second delete too soon', deleteOf('a', 7, { againAfterMs: 99 })],
    ['a second delete too late', deleteOf('a', 7, { againAfterMs: 600_001 })],
  ])('leaves %s to the reader', (_, invalidation) => {
    expect(recognise(invalidation)).toBeNull();
  });

  it('looks at every byte, also of a record that fills what is looked at', () => {
    const key = (length: number) => 'k'.repeat(length);
    const rest = encodeRecord(deleteOf('', 7)).length;
    const full = deleteOf(key(1_024 - rest), 7);
    expect(recognise(full)).toEqual(full);
    expect(recognise(deleteOf(key(1_025 - rest), 7))).toBeNull();
    const item = decodeRecord(
      { key: Buffer.from(full.key), value: Buffer.from(`${encodeRecord(full)}}`) },
      'topic/0@0',
    );
    expect(item.kind).toBe('unreadable');
  });

  it('takes no row that ends elsewhere than its record', () => {
    const text = encodeRecord(refreshOf('card:1', 7, { id: 1 }));
    expect(recognise(refreshOf('card:1', 7, { id: 1 }), text)).not.toBeNull();
    for (const wrong of [`${text} `, `${text}}`, text.slice(0, -1), text.replace('{"id":1}', '{"id":1},"x":{}')]) {
      expect(recognise(refreshOf('card:1', 7, { id: 1 }), wrong)).toBeNull();
    }
  });
});
