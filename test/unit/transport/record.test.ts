import { describe, expect, it } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { decodeRecord } from '../../../src/transport/record-decoder.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { deleteOf, epochOf, flushOf, ORIGIN, plainItem, refreshOf, TRUNCATE } from '../../support/invalidations.ts';

const PLACE = 'sluice/3@17';
const roundTrip = (invalidation: Invalidation) =>
  decodeRecord({ key: Buffer.from(invalidation.partitionKey), value: Buffer.from(encodeRecord(invalidation)) }, PLACE);
const reasonOf = (value: string | Buffer | null, key: string | null = 'product:1'): string => {
  const item = decodeRecord(
    { key: key === null ? null : Buffer.from(key), value: typeof value === 'string' ? Buffer.from(value) : value },
    PLACE,
  );
  return item.kind === 'unreadable' ? item.reason : 'readable';
};
/** A good record with some fields changed; undefined removes one. */
const changed = (fields: Record<string, unknown>): string =>
  JSON.stringify({ ...(JSON.parse(encodeRecord(deleteOf('product:1', 7))) as object), ...fields });

describe('a record', () => {
  it('is JSON that a person can read, fields in a useful order', () => {
    const origin = { ...ORIGIN, gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23', commitTimeMs: 1_700_000_000_000.25 };
    expect(encodeRecord(deleteOf('product:1', 1_700_000_000_000_250, { origin }))).toBe(
      '{"v":1,"key":"product:1","action":"delete","version":1700000000000250,"rule":"product",' +
        '"rules":"abcdef012345","database":"shop","table":"products","op":"update","primary_key":{"id":1},' +
        '"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23","binlog":{"file":"binlog.000001","offset":157},' +
        '"commit_time":"2023-11-14T22:13:20.000250Z","capture_time":"2023-11-14T22:13:20.010Z"}',
    );
  });

  it('says the partition key only when it is not the cache key', () => {
    expect(encodeRecord(deleteOf('a', 1))).not.toContain('partition_key');
    expect(encodeRecord(deleteOf('a', 1, { partitionKey: 'b' }))).toContain('"partition_key":"b"');
  });

  it.each<[string, Invalidation]>([
    ['a delete', deleteOf('product:1', 7)],
    ['a versioned delete', deleteOf('product:1', 7, { versioned: true })],
    ['a delete that is done again', deleteOf('product:1', 7, { againAfterMs: 1_500 })],
    ['a flush that is done again', flushOf('card:*', 7, { againAfterMs: 600_000 })],
    ['a delete with a partition key', deleteOf('product:1', 7, { partitionKey: 'shop' })],
    ['a delete by a table change', deleteOf('products:all', 7, { origin: TRUNCATE })],
    ['a record of a time before rule sets had a hash', deleteOf('p', 7, { origin: { ...ORIGIN, ruleSet: '' } })],
    ['a flush', flushOf('card:*', 7, { versioned: false })],
    ['a versioned flush of escaped characters', flushOf('card\\*"\\[:*', 7)],
    ['a flush by rows', flushOf('card:*', 7, { origin: ORIGIN, reason: 'large_transaction' })],
    ['a flush for a missing column', flushOf('card:*', 7, { origin: ORIGIN, reason: 'column_missing' })],
    ['an epoch', epochOf('shop.products', 7)],
    ['a refresh', refreshOf('card:1', 7, { id: 1, name: 'ü"\\\n', price: '1.10', tags: [null, { a: true }] })],
    ['a refresh of a row that is gone', refreshOf('card:1', 7, null)],
    ['no primary key', deleteOf('p', 7, { origin: { ...ORIGIN, primaryKey: null } })],
    ['a column of an unusual name', refreshOf('card:1', 7, JSON.parse('{"__proto__":1,"a.b":2}') as { a: number })],
    ['a key with half a surrogate pair', deleteOf('p\ud800', 7)],
  ])('gives back what it was made of: %s', (_, invalidation) => {
    const item = plainItem(roundTrip(invalidation));
    expect(item).toEqual({ kind: 'invalidation', invalidation, place: PLACE });
  });

  it.each<[string, string | Buffer | null, string]>([
    ['no value', null, 'the record has no value (a Kafka tombstone)'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'the value is not UTF-8'],
    ['nothing', '', 'the value is not JSON: Unexpected end of JSON input'],
    ['half a record', changed({}).slice(0, 50), 'the value is not JSON: '],
    ['an array', '[]', 'the record is not a JSON object but an array'],
    ['null', 'null', 'the record is not a JSON object but null'],
    ['a format of tomorrow', changed({ v: 2, action: 'explode' }), 'format version 2 is not 1'],
    ['a format that is no number', changed({ v: '1' }), 'format version "1" is not 1'],
    ['no format', changed({ v: undefined }), 'field v is missing'],
    ['an unknown field', changed({ ttl: 5 }), 'unknown field ttl'],
    ['an unknown field inside', changed({ binlog: { file: 'f', offset: 1, x: 1 } }), 'unknown field binlog.x'],
    ['a prototype', changed({}).replace('{', '{"__proto__":{"admin":true},'), 'unknown field __proto__'],
    ['a missing field', changed({ key: undefined }), 'field key is missing'],
    [
      'an unknown action',
      changed({ action: 'explode' }),
      'field action is not delete or refresh or flush or epoch but "explode"',
    ],
    ['a number for a key', changed({ key: 5 }), 'field key is not a string but 5'],
    ['a version as text', changed({ version: '7' }), 'field version is not a whole number from 0 to 2^53 - 1 but "7"'],
    ['a negative version', changed({ version: -1 }), 'field version is not a whole number'],
    ['a version beyond 2^53', changed({}).replace('"version":7', '"version":9007199254740993'), 'field version is not'],
    ['an endless version', changed({}).replace('"version":7', '"version":1e999'), 'field version is not'],
    ['a day that is none', changed({ commit_time: '2023-02-30T00:00:00.000Z' }), 'field commit_time is not a time'],
    ['a local time', changed({ capture_time: '2023-02-03 00:00:00' }), 'field capture_time is not a time'],
    ['a row in a delete', changed({ row: { state: 'gone', columns: {} } }), 'field row does not belong to a delete'],
    ['a reason in a delete', changed({ reason: 'truncate' }), 'field reason does not belong to a delete'],
    ['a flush without a reason', changed({ action: 'flush' }), 'field reason is missing'],
    [
      'a flush for an unknown reason',
      changed({ action: 'flush', reason: 'boredom' }),
      'field reason is not truncate or',
    ],
    [
      'a flush with a row',
      changed({ action: 'flush', reason: 'drop', row: {} }),
      'field row does not belong to a flush',
    ],
    ['a versioned epoch', changed({ action: 'epoch', versioned: true }), 'field versioned does not belong to an epoch'],
    ['a second delete too soon', changed({ again_after_ms: 99 }), 'is not a whole number from 100 to 600000 but 99'],
    ['a second delete too late', changed({ again_after_ms: 600_001 }), 'field again_after_ms is not a whole number'],
    ['a second delete at no time', changed({ again_after_ms: null }), 'field again_after_ms is not a whole number'],
    ['a second delete as text', changed({ again_after_ms: '1s' }), 'field again_after_ms is not a whole number'],
    [
      'an epoch that is raised again',
      changed({ action: 'epoch', again_after_ms: 500 }),
      'field again_after_ms does not belong to an epoch',
    ],
    ['an unknown operation', changed({ op: 'explode' }), 'field op is not insert or'],
    ['a rule set that is no text', changed({ rules: 5 }), 'field rules is not a string but 5'],
    [
      'a refresh by a table change',
      changed({ action: 'refresh', op: 'truncate', row: { state: 'gone', columns: {} } }),
      'field op is not insert or update or delete but "truncate"',
    ],
    ['a refresh without a row', changed({ action: 'refresh' }), 'field row is missing'],
    ['a row of an unknown state', changed({ action: 'refresh', row: { state: 'x', columns: {} } }), 'field row.state'],
    ['columns in an array', changed({ action: 'refresh', row: { state: 'gone', columns: [] } }), 'field row.columns'],
    [
      'an endless number in a column',
      changed({ action: 'refresh', row: { state: 'gone', columns: { a: [1] } } }).replace('[1]', '[-1e999]'),
      'row.columns holds a number that is too large',
    ],
    ['a primary key that is none', changed({ primary_key: 5 }), 'field primary_key is not a JSON object but 5'],
    [
      'a versioned refresh',
      changed({ action: 'refresh', versioned: true, row: { state: 'gone', columns: {} } }),
      'field versioned does not belong to a refresh',
    ],
  ])('is unreadable, and says why: %s', (_, value, reason) => {
    expect(reasonOf(value)).toContain(reason);
  });

  it.each<[string, Invalidation, string]>([
    ['a delete of a checkpoint', deleteOf('sluice:checkpoint:main', 7), 'the key "sluice:checkpoint:main" begins with'],
    ['a refresh of a version', refreshOf('sluice:v:{card:1}', 7, { id: 1 }), 'begins with sluice:, which is not for a'],
    ['a flush of all versions', flushOf('sluice:v:*', 7), 'the pattern "sluice:v:*" begins with sluice:'],
    ['a flush of versions, escaped', flushOf('\\sl\\uice\\:v*', 7), 'begins with sluice:, which is not for a flush'],
    ['a flush of one key of ours', flushOf('sluice:check', 7), 'begins with sluice:'],
    [
      'an epoch under a cache key',
      epochOf('shop.products', 7, { key: 'card:1' }),
      'the key of this epoch is not "sluice',
    ],
    [
      'an epoch of another table',
      epochOf('shop.orders', 7),
      'is not "sluice:epoch:shop.products" but "sluice:epoch:sh',
    ],
    ['an epoch under a version', epochOf('shop.products', 7, { key: 'sluice:v:{a}' }), 'the key of this epoch is not'],
    ['a flush of everything', flushOf('*', 7), 'the pattern "*" has no fixed text'],
    ['a flush of everything but the empty key', flushOf('?*', 7), 'the pattern "?*" has no fixed text'],
    ['a flush of everything, by a class', flushOf('[^\\]]*', 7), 'has no fixed text'],
    ['a flush of everything, by a class without end', flushOf('*[^a', 7), 'has no fixed text'],
    ['a flush of the empty pattern', flushOf('', 7), 'the pattern "" has no fixed text'],
  ])('is unreadable with a key that no rule gives: %s', (_, invalidation, reason) => {
    const item = roundTrip({ ...invalidation, partitionKey: 'any' });
    expect(item).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining(reason) as string });
  });

  it.each<[string, Invalidation]>([
    ['a key that only holds it', deleteOf('card:sluice:v:1', 7)],
    ['a key almost like it', deleteOf('sluices:1', 7)],
    ['a pattern with a star in it', flushOf('slu*ice:v', 7)],
    ['a pattern whose only fixed text is a star', flushOf('*\\**', 7)],
    ['a pattern with fixed text behind', flushOf('*:card', 7)],
    ['a delete whose key looks like a pattern', deleteOf('*', 7)],
    [
      'an epoch of a table with odd names',
      epochOf('a:b.c.d*', 7, { origin: { ...TRUNCATE, database: 'a:b', table: 'c.d*' } }),
    ],
  ])('is readable with %s', (_, invalidation) => {
    expect(roundTrip(invalidation).kind).toBe('invalidation');
  });

  it('is unreadable under a Kafka key that is not its partition key', () => {
    expect(reasonOf(changed({}), 'product:2')).toBe('the Kafka key is not the partition key "product:1"');
    expect(reasonOf(changed({ partition_key: 'shop' }), 'product:1')).toContain('is not the partition key "shop"');
    expect(reasonOf(changed({}), null)).toBe('the record has no Kafka key');
  });

  it.each(['[', '{"a":'])('survives nesting of %s without end', (bracket) => {
    expect(reasonOf(bracket.repeat(300_000))).toContain('the value is not JSON');
    const value = `${bracket.repeat(100_000)}1${(bracket === '[' ? ']' : '}').repeat(100_000)}`;
    expect(reasonOf(changed({ primary_key: { a: 0 } }).replace('"a":0', `"a":${value}`))).toBe(
      'primary_key is nested deeper than 128 levels',
    );
  });

  it('changes no prototype, whatever it holds', () => {
    roundTrip(refreshOf('card:1', 7, JSON.parse('{"__proto__":{"polluted":true}}') as object as { a: number }));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('that is unreadable keeps its bytes', () => {
    const raw = (value: Buffer | null) => decodeRecord({ key: null, value }, PLACE);
    expect(raw(Buffer.from('not JSON ✓'))).toMatchObject({ kind: 'unreadable', raw: 'not JSON ✓', place: PLACE });
    expect(raw(Buffer.from([0xff, 0x00]))).toMatchObject({ raw: 'base64:/wA=' });
    expect(raw(null)).toMatchObject({ raw: '' });
  });
});
