import { describe, expect, it } from 'vitest';
import { MAX_KEY_LENGTH } from '../../../../src/rules/template/key-builder.ts';
import { keyBuilder } from '../../../support/templates.ts';

const code = (code: string, message?: string): Error =>
  expect.objectContaining({
    code,
    ...(message !== undefined && { message: expect.stringContaining(message) as string }),
  }) as Error;

describe('a key builder', () => {
  it('writes the values of a row between the fixed text', () => {
    expect(keyBuilder('x:{a}:{b}{c}:y').build({ a: 1, b: '', c: 'é' }, null)).toBe('x:1:é:y');
    expect(keyBuilder('home').build({}, null)).toBe('home');
  });

  it('finds columns whatever their case', () => {
    expect(keyBuilder('x:{A}').build({ a: 1 }, null)).toBe('x:1');
  });

  it('builds no key of a row with a NULL, unless there is a text for it', () => {
    expect(keyBuilder('x:{a}:{b}').build({ a: 1, b: null }, null)).toBeNull();
    expect(keyBuilder('x:{a}:{b}', { nullText: 'none' }).build({ a: null, b: 2 }, null)).toBe('x:none:2');
    expect(keyBuilder('x:{a | upper}', { nullText: 'none' }).build({ a: null }, null)).toBe('x:none');
  });

  it('writes what the table decides, through filters too', () => {
    const options = { captures: { '1': '07', shard: 'EU' }, epoch: 12 };
    const text = '{@database}.{@table | upper}:{$1}:{$shard | lower}:{@epoch}:{id}';
    expect(keyBuilder(text, options).build({ id: 3 }, null)).toBe('shop.ORDERS:07:eu:12:3');
    expect(keyBuilder('x:{$1 | modulo(4)}', options).build({}, null)).toBe('x:3');
    expect(keyBuilder('x:{$list | split("_")}', { captures: { list: 'a_b' } }).buildAll({}, null, 9)).toEqual([
      'x:a',
      'x:b',
    ]);
  });

  it('says which filter cannot work on what the table decides, when a row needs it', () => {
    const builder = keyBuilder('x:{@table | modulo(4)}');
    expect(() => builder.build({}, null)).toThrow(code('RULE_FILTER_FAILED', '{@table | modulo(4)}'));
  });

  it('reads the lookup, whatever the case of its names', () => {
    const builder = keyBuilder('c:{lookup.customer_id}:{id}');
    expect(builder.build({ id: 1 }, { customer_id: '7' })).toBe('c:7:1');
    expect(builder.build({ id: 1 }, { CUSTOMER_ID: '7' })).toBe('c:7:1');
    expect(builder.build({ id: 1 }, { customer_id: null })).toBeNull();
    expect(builder.build({ id: 1 }, null)).toBeNull();
    expect(keyBuilder('c:{lookup.tags[*]}').buildAll({}, { tags: '["a","b"]' }, 9)).toEqual(['c:a', 'c:b']);
  });

  it('needs every column, of the table, of the image and of the lookup', () => {
    expect(() => keyBuilder('x:{nope}')).toThrow(code('RULE_COLUMN_MISSING', '`nope`'));
    expect(() => keyBuilder('x:{a}').build({}, null)).toThrow(code('RULE_COLUMN_MISSING'));
    expect(() => keyBuilder('x:{a | lower}').build({}, null)).toThrow(code('RULE_COLUMN_MISSING'));
    expect(() => keyBuilder('x:{lookup.a}').build({}, { b: '1' })).toThrow(code('RULE_COLUMN_MISSING', '`lookup.a`'));
  });

  it('names its columns, those of the row only', () => {
    expect(keyBuilder('{a}:{lookup.b}:{doc[*]}:{@table}:{a}').columns.map(({ name }) => name)).toEqual([
      'a',
      'doc',
      'a',
    ]);
  });

  it('knows a change of what it reads', () => {
    const builder = keyBuilder('x:{a | lower}:{doc[*]}');
    expect(builder.unchanged({ a: 'x', b: 1, doc: ['p'] }, { a: 'x', b: 2, doc: ['p'] })).toBe(true);
    expect(builder.unchanged({ a: 'x', b: 1, doc: ['p'] }, { a: 'x', b: 1, doc: ['q'] })).toBe(false);
    expect(builder.unchanged({ a: 'x', b: 1, doc: ['p'] }, { a: 'y', b: 1, doc: ['p'] })).toBe(false);
  });

  it('refuses a key longer than 16 KiB, and takes one that is as long', () => {
    const fits = 'x'.repeat(MAX_KEY_LENGTH - 2);
    expect(keyBuilder('k:{a}').build({ a: fits }, null)).toHaveLength(MAX_KEY_LENGTH);
    expect(() => keyBuilder('k:{a}').build({ a: `${fits}x` }, null)).toThrow(code('RULE_KEY_TOO_LONG'));
    expect(() => keyBuilder('k:{a | split}').buildAll({ a: `a,${fits}x` }, null, 9)).toThrow(code('RULE_KEY_TOO_LONG'));
    expect(keyBuilder('k:{a | md5}').build({ a: fits.repeat(100) }, null)).toHaveLength(34);
  });
});

describe('several keys of one row', () => {
  it('are every combination of the lists, in their order', () => {
    const builder = keyBuilder('{a | split}:{b}:{doc[*]}:z');
    expect(builder.isList).toBe(true);
    expect(builder.buildAll({ a: '1,2', b: '-', doc: ['x', 'y'] }, null, 4)).toEqual([
      '1:-:x:z',
      '1:-:y:z',
      '2:-:x:z',
      '2:-:y:z',
    ]);
  });

  it('come once, also where different elements give the same key', () => {
    expect(keyBuilder('k:{a | split | lower}').buildAll({ a: 'A,a,b' }, null, 2)).toEqual(['k:a', 'k:b']);
    expect(keyBuilder('k:{a | split}{b | split}').buildAll({ a: 'x,xx', b: 'x,xx' }, null, 3)).toEqual([
      'k:xx',
      'k:xxx',
      'k:xxxx',
    ]);
  });

  it('are none for an empty list, whatever the others', () => {
    expect(keyBuilder('k:{a | split}:{doc[*]}').buildAll({ a: '1,2,3', doc: [] }, null, 1)).toEqual([]);
  });

  it('are null for a NULL, and one key where a text stands for it', () => {
    const row = { a: null, b: null, doc: ['x', null] };
    expect(keyBuilder('k:{doc[*]}:{a}').buildAll(row, null, 9)).toBeNull();
    expect(keyBuilder('k:{b | split}').buildAll(row, null, 9)).toBeNull();
    expect(keyBuilder('k:{b | split}', { nullText: '-' }).buildAll(row, null, 9)).toEqual(['k:-']);
    expect(keyBuilder('k:{doc[*]}', { nullText: '-' }).buildAll(row, null, 9)).toEqual(['k:x', 'k:-']);
  });

  it('above the limit are an error, found before they are all built', () => {
    const builder = keyBuilder('{a | split}:{b | split}:{c | split}:z');
    expect(builder.buildAll({ a: '1,2', b: '1,2', c: '1' }, null, 4)).toHaveLength(4);
    expect(() => builder.buildAll({ a: '1,2', b: '1,2', c: '1' }, null, 3)).toThrow(
      code('RULE_TOO_MANY_KEYS', 'more than 3'),
    );
    // 10^15 combinations: this would never end.
    const huge = Array.from({ length: 100_000 }, (_, i) => i).join(',');
    expect(() => builder.buildAll({ a: huge, b: huge, c: huge }, null, 10_000)).toThrow(code('RULE_TOO_MANY_KEYS'));
  });

  it('of a template without lists are its one key', () => {
    const builder = keyBuilder('k:{a}');
    expect(builder.isList).toBe(false);
    expect(builder.buildAll({ a: 1 }, null, 1)).toEqual(['k:1']);
    expect(builder.buildAll({ a: null }, null, 1)).toBeNull();
  });
});
