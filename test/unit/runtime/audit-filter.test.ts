import { describe, expect, it } from 'vitest';
import { compileFilter, filterToQuery, parseFilter } from '../../../src/runtime/audit-filter.ts';
import { matchesGlob, meetsFlushPattern } from '../../../src/runtime/glob.ts';
import { ORIGIN, deleteOf, flushOf } from '../../support/invalidations.ts';

const invalidation = deleteOf('product:17', 1, {
  origin: {
    ...ORIGIN,
    primaryKey: { id: 17 },
    coordinates: { file: 'binlog.000001', offset: 4 },
    captureTimeMs: 2000,
  },
});

describe('the audit filter', () => {
  it.each([
    ['product:1*', 'product:17', true],
    ['product:1*', 'product:27', false],
    ['*:17', 'product:17', true],
    ['product:?', 'product:17', false],
    ['product:1?', 'product:17', true],
    ['*', '', true],
    ['a*b*c', 'a__b__b__c', true],
    ['a*b*c', 'a__b__b__d', false],
  ])('matches the glob %s against %s: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('answers a hostile pattern in linear time', () => {
    expect(matchesGlob(`${'*a'.repeat(5000)}b`, 'a'.repeat(5000))).toBe(false);
  });

  it.each([
    ['product:17', 'product:*', true],
    ['product:1*', 'product:*', true],
    ['*:17', 'product:*', true],
    ['product:1?', 'product:*:name', false],
    ['product:1*', 'product:*:name', true],
    ['*', '*', true],
    ['order:*', 'product:*', false],
    ['product', 'product:*', false],
    ['a[b:1', 'a\\[b:*', true],
    ['aXb:1', 'a\\*b:*', false],
    ['a*b:1', 'a\\*b:*', true],
    ['a7:1', 'a[0-9]:*', true],
    ['', '*', true],
    ['', '', true],
    ['🦆:?', '🦆:*', true],
  ])('lets a flush through when the glob %s may mean a key of %s: %s', (glob, pattern, expected) => {
    expect(meetsFlushPattern(glob, pattern)).toBe(expected);
    expect(compileFilter({ key: glob })(flushOf(pattern, 1))).toBe(expected);
  });

  it('demands everything that is given', () => {
    expect(compileFilter({})(invalidation)).toBe(true);
    expect(compileFilter({ key: 'product:*', table: 'products', rule: 'product', sinceMs: 2000 })(invalidation)).toBe(
      true,
    );
    expect(compileFilter({ table: 'shop.products' })(invalidation)).toBe(true);
    expect(compileFilter({ table: 'other.products' })(invalidation)).toBe(false);
    expect(compileFilter({ rule: 'other' })(invalidation)).toBe(false);
    expect(compileFilter({ sinceMs: 2001 })(invalidation)).toBe(false);
  });

  it('travels through a query string unchanged', () => {
    const filter = { key: 'a&b=*', table: 't', rule: 'r', sinceMs: 5 };
    expect(parseFilter(new URLSearchParams(filterToQuery(filter)))).toEqual(filter);
    expect(parseFilter(new URLSearchParams(''))).toEqual({});
  });
});
