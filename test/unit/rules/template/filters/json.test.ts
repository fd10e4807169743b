import { describe, expect, it } from 'vitest';
import { filtered, keyBuilder } from '../../../../support/templates.ts';

const ORDER = {
  id: '9007199254740993',
  total: 1.5,
  paid: true,
  note: null,
  items: [{ id: 1, tags: ['x', 'y'] }, { id: 2, tags: [] }, { id: 1 }],
  'odd "name"': { é: 'deep' },
};
const ofDocument = (placeholder: string, doc: unknown) =>
  keyBuilder(`:{${placeholder}}`)
    .buildAll({ doc }, null, 100)
    ?.map((key) => key.slice(1)) ?? null;

describe('json', () => {
  it.each([
    ['$.id', ['9007199254740993']],
    ['$.total', ['1.5']],
    ['$.paid', ['true']],
    ['$.note', null],
    ['$.gone', null],
    ['$.items[1].id', ['2']],
    ['$.items[7].id', null],
    ['$.items.id', null],
    ['$.total[0]', ['1.5']],
    ['$.total[1]', null],
    ['$.items[*].id', ['1', '2']],
    ['$.items[*].tags[*]', ['x', 'y']],
    ['$.gone[*].id', []],
    ['$.note[*]', []],
    [' $ . items [ 0 ] . id ', ['1']],
    ['$."odd \\"name\\""."\\u00e9"', ['deep']],
    ['$.__proto__', null],
    ['$.constructor.name', null],
  ])('%s finds %j in a document and in its text', (path, expected) => {
    const filter = `json("${path.replace(/[\\"]/g, '\\$&')}")`;
    expect(ofDocument(`doc | ${filter}`, ORDER)).toEqual(expected);
    if (!Array.isArray(expected) || !path.includes('*'))
      expect(filtered(filter, JSON.stringify(ORDER))).toEqual(expected?.[0] ?? null);
    else expect(filtered(filter, JSON.stringify(ORDER))).toEqual(expected);
  });

  it('reads the text of a column that is no JSON column', () => {
    expect(filtered('json("$.items[0].tags[1]")', JSON.stringify(ORDER))).toBe('y');
    expect(filtered('trim | json("$.a")', ' {"a": 1} ')).toBe('1');
    expect(filtered('default("{\\"a\\": 2}") | json("$.a")', null)).toBe('2');
  });

  it('keeps every digit of a number, where JavaScript would round it to the id of another row', () => {
    expect(filtered('json("$.id")', '{"s": "1234567890123456 \\" 7", "id": 9007199254740993}')).toBe(
      '9007199254740993',
    );
    expect(filtered('json("$[1]")', '[1, 12345678901234567890.10, -1e400]')).toBe('12345678901234567890.10');
    expect(filtered('json("$[2]")', '[1, 1.0, -1e400]')).toBe('-1e400');
    expect(filtered('json("$.a")', '{"a":"1234567890123456789"}')).toBe('1234567890123456789');
  });

  it('goes on inside what an earlier path found', () => {
    expect(ofDocument('doc | json("$.items[2]") | json("$.id")', ORDER)).toEqual(['1']);
    expect(ofDocument('doc | json("$.items[*]") | json("$.id") | modulo(2)', ORDER)).toEqual(['1', '0']);
  });

  it.each([
    ['$.items', 'a JSON array is no single value'],
    ['$.items[0]', 'a JSON object is no single value'],
    ['$.items[*]', 'a JSON object is no single value'],
    ['$.paid[*]', '`[*]` meets a value that is no JSON array'],
  ])('%s fails: %s', (path, message) => {
    expect(() => ofDocument(`doc | json("${path}")`, ORDER)).toThrow(message);
  });

  it.each(['', 'x', '{"a":', "{'a':1}", '{"a":01}', '{1: 1234567890123456}'])(
    'fails for %j, which is no JSON',
    (text) => {
      expect(() => filtered('json("$.a")', text)).toThrow(/the value is no JSON document/);
    },
  );

  it('leaves NULL alone, and takes a JSON null for it', () => {
    expect(filtered('json("$.a")', null)).toBeNull();
    expect(filtered('json("$")', 'null')).toBeNull();
    expect(filtered('json("$.a") | default("-")', '{"a":null}')).toBe('-');
  });

  it('takes a document that is a text for a text', () => {
    expect(ofDocument('doc | json("$")', '{"a":1}')).toEqual(['{"a":1}']);
    expect(ofDocument('doc | json("$.a")', '{"a":1}')).toBeNull();
  });

  it('reads a deep document', () => {
    const depth = 5000;
    const text = '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    expect(filtered('json("$.a.a") | default("x") | json("$.b") | default("none")', text)).toBe('none');
  });
});

describe('[*]', () => {
  it('gives a key for each element, a NULL element none', () => {
    expect(ofDocument('doc[*]', ['a', 1, true, null, 'a'])).toEqual(['a', '1', 'true']);
    expect(ofDocument('doc[*] | default("none")', ['a', null])).toEqual(['a', 'none']);
    expect(ofDocument('doc[*]', [])).toEqual([]);
  });

  it('takes NULL, and nothing but NULLs, for NULL', () => {
    expect(ofDocument('doc[*]', null)).toBeNull();
    expect(ofDocument('doc[*]', [null, null])).toBeNull();
  });

  it('reads the text of other columns', () => {
    expect(keyBuilder(':{a[*] | upper}').buildAll({ a: '["x", "y"]' }, null, 9)).toEqual([':X', ':Y']);
  });

  it.each([{ a: 1 }, 'text', 7, false])('fails for %j, which is no array', (doc) => {
    expect(() => ofDocument('doc[*]', doc)).toThrow(/the value is no JSON array/);
  });
});

describe('split', () => {
  it.each([
    ['split', 'a,b,,a', ['a', 'b', '']],
    ['split(",")', '', []],
    ['split("; ")', 'a; b;c', ['a', 'b;c']],
    ['split | trim', 'a, b', ['a', 'b']],
    ['split', null, null],
    ['split | default("none")', null, ['none']],
    ['split("😀")', 'a😀b', ['a', 'b']],
  ])('%s of %j is %j', (filter, value, expected) => {
    expect(filtered(filter, value)).toEqual(expected);
  });
});
