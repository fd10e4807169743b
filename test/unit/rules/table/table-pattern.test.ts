import { describe, expect, it } from 'vitest';
import { parseTablePattern } from '../../../../src/rules/table/table-pattern.ts';

const matches = (pattern: string, database: string, table: string) => {
  const parsed = parseTablePattern(pattern);
  if (!('ok' in parsed)) throw new Error(JSON.stringify(parsed.problems));
  return parsed.ok.matches(database, table);
};
const problem = (pattern: string) => {
  const parsed = parseTablePattern(pattern);
  return 'ok' in parsed ? null : `${parsed.problems[0]?.at} ${parsed.problems[0]?.message}`;
};

describe('a table pattern', () => {
  it('without wildcards is one table, upper and lower case apart', () => {
    expect(matches('shop.orders', 'shop', 'orders')).toBe(true);
    expect(matches('shop.orders', 'shop', 'Orders')).toBe(false);
    expect(matches('shop.orders', 'shop', 'orders2')).toBe(false);
  });

  it('with * and ? is a glob of the whole name', () => {
    expect(matches('shop_*.orders', 'shop_7', 'orders')).toBe(true);
    expect(matches('shop_?.orders', 'shop_12', 'orders')).toBe(false);
    expect(matches('*.*', 'a', 'b')).toBe(true);
  });

  it('never lets a star reach across the dot', () => {
    expect(matches('shop*.orders', 'shop', 'x.orders')).toBe(false);
    expect(matches('*op.orders', 's', 'op.orders')).toBe(false);
  });

  it('does not read a dot or plus of a glob as a regular expression', () => {
    expect(matches('a+*.x', 'aa', 'x')).toBe(false);
    expect(matches('a+*.x', 'a+b', 'x')).toBe(true);
  });

  it('between slashes is a regular expression of the whole name', () => {
    expect(matches('/^shop_\\d+\\.orders$/', 'shop_12', 'orders')).toBe(true);
    expect(matches('/shop_\\d+\\.orders/', 'shop_12', 'orders_old')).toBe(false);
    expect(matches('/a\\.b|c\\.d/', 'xa', 'b')).toBe(false);
    expect(matches('/shop\\.orders/i', 'SHOP', 'Orders')).toBe(true);
  });

  it.each([
    ['orders', '0 the database is missing'],
    ['.orders', '0 the database before the dot is missing'],
    ['shop.', '4 the table after the dot is missing'],
    ['shop.my orders', '7 no spaces or backticks here'],
    ['shop.products.x', '13 a second dot'],
    ['shop_*.a.*', '8 a second dot'],
    ['shop.prod{a,b}', '9 `{` is no wildcard; there are only `*` and `?`'],
    ['shop.prod[ab]', '9 `[` is no wildcard; there are only `*` and `?`'],
    ['shop.(a|b)', '5 `(` is no wildcard; there are only `*` and `?`'],
    ['shop.a,shop.b', '6 a comma does not separate tables here'],
    ['^shop.a', '0 `^` is no wildcard; there are only `*` and `?`'],
    ['shop_\\d.a', '5 `\\` is no wildcard; there are only `*` and `?`'],
    ['/shop', '0 the regular expression is never closed'],
    ['/shop/g', '6 unknown flag `g`'],
  ])('%s is refused', (pattern, expected) => {
    expect(problem(pattern)).toBe(expected);
  });

  it.each([
    ['shop.products.x', '/shop\\.products\\.x/'],
    ['shop.prod[ab]', '/shop\\.prod[ab]/'],
    ['shop_*.prod[ab]?', '/shop_[^.]*\\.prod[ab][^.]/'],
    ['shop.prod{a,b}', '/shop\\.prod(a|b)/'],
    ['shop.a,shop.b', '["shop.a", "shop.b"]'],
  ])('%s is refused with what to write', (pattern, remedy) => {
    const parsed = parseTablePattern(pattern);
    expect('ok' in parsed ? '' : parsed.problems[0]?.remedy).toContain(remedy);
  });

  it('gives what the groups of its expression matched, by name and by number', () => {
    const parsed = parseTablePattern('/shop_(?<shard>\\d+)\\.(orders|(items))(_old)?/');
    if (!('ok' in parsed)) throw new Error('refused');
    expect(parsed.ok.captureNames).toEqual(['1', '2', '3', '4', 'shard']);
    expect(parsed.ok.captures('shop_07', 'items')).toEqual({
      '1': '07',
      '2': 'items',
      '3': 'items',
      '4': '',
      shard: '07',
    });
    expect(parsed.ok.captures('shop_07', 'orders_old')).toEqual({
      '1': '07',
      '2': 'orders',
      '3': '',
      '4': '_old',
      shard: '07',
    });
    expect(parsed.ok.captures('shop', 'orders')).toBeNull();
  });

  it.each(['shop.orders', 'shop*.orders', '/shop_(?:\\d+)\\.orders/'])('%s has no captures', (text) => {
    const parsed = parseTablePattern(text);
    if (!('ok' in parsed)) throw new Error('refused');
    expect(parsed.ok.captureNames).toEqual([]);
    expect([parsed.ok.captures('shop', 'orders'), parsed.ok.captures('shop_1', 'orders')]).toContainEqual({});
    expect(parsed.ok.captures('other', 'orders')).toBeNull();
  });

  it('is refused when its expression could take for ever, at the place that does it', () => {
    expect(problem('/shop_(\\w+\\d*)*\\.orders/')).toBe(
      '7 this part can be read in several ways, and with each character of a text their number multiplies',
    );
  });

  it('is refused when the regular expression is wrong, even where wrapping it would mend it', () => {
    expect(problem('/(/')).toMatch(/^1 Invalid regular expression/);
    expect(problem('/a)(?:b/')).toMatch(/^1 Invalid regular expression/);
  });
});
