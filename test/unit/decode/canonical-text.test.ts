import { expect, it } from 'vitest';
import { columnFor, typeInWords } from '../../../src/decode/canonical-text.ts';
import type { Flavour } from '../../../src/model/position.ts';
import type { JsonValue } from '../../../src/model/row-change.ts';

const column = (columnType: string, flavour: Flavour = 'mysql') =>
  columnFor({ name: 'c', columnType, charset: null }, flavour);

/** Column type, value as it is read from a row, canonical text, JSON value. */
const floats = (...numbers: number[]): Buffer => Buffer.from(Float32Array.from(numbers).buffer);

const CASES: readonly [string, unknown, string, JsonValue][] = [
  ['int', -5, '-5', -5],
  ['bigint unsigned', '18446744073709551615', '18446744073709551615', '18446744073709551615'],
  ['decimal(10,2)', '1.50', '1.50', '1.50'],
  ['float', Math.fround(1.1), '1.1', 1.1],
  ['float', Math.fround(16777217), '16777200', 16777200],
  ['float', 1000005, '1000000', 1000000],
  ['float', 1000015, '1000020', 1000020],
  ['double', 0.1 + 0.2, '0.30000000000000004', 0.30000000000000004],
  ['double', 1e21, '1e21', 1e21],
  ['bit(1)', 1, '1', 1],
  ['bit(64)', '18446744073709551615', '18446744073709551615', '18446744073709551615'],
  ['varchar(9)', 'text ', 'text ', 'text '],
  ['binary(2)', Buffer.from([0, 255]), '00ff', '00ff'],
  ['longblob', Buffer.alloc(0), '', ''],
  ["enum('a','b')", 'b', 'b', 'b'],
  ["set('a','b')", 'a,b', 'a,b', 'a,b'],
  ['date', '0000-00-00', '0000-00-00', '0000-00-00'],
  ['datetime(6)', '2024-02-29 01:02:03.000001', '2024-02-29 01:02:03.000001', '2024-02-29 01:02:03.000001'],
  ['timestamp', '2024-02-29 01:02:03', '2024-02-29 01:02:03', '2024-02-29 01:02:03'],
  ['timestamp', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00'],
  ['time', '838:59:59', '838:59:59', '838:59:59'],
  ['year', '2024', '2024', 2024],
  ['year', '0000', '0000', 0],
  ['json', '{"a": [1, "x"]}', '{"a": [1, "x"]}', { a: [1, 'x'] }],
  ['json', 'null', 'null', null],
  ['vector', Buffer.from('0000803f000020c0', 'hex'), '[1.00000e+00,-2.50000e+00]', [1, -2.5]],
  ['vector', floats(1e20, -0, -1), '[1.00000e+20,-0.00000e+00,-1.00000e+00]', [1e20, -0, -1]],
  [
    'vector',
    floats(1000005, 1000015, -16384.25),
    '[1.00000e+06,1.00002e+06,-1.63842e+04]',
    [1000000, 1000020, -16384.2],
  ],
  ['point', { x: 1, y: 2 }, '{"x":1,"y":2}', { x: 1, y: 2 }],
];

it.each(CASES)('prints %s %o as %s', (type, value, text, json) => {
  expect(column(type).text(value)).toBe(text);
  expect(column(type).json(value)).toEqual(json);
});

it('prints small reals as each flavour does', () => {
  expect(column('double', 'mysql').text(Number('1.2345678901234567e-15'))).toBe('1.2345678901234568e-15');
  expect(column('double', 'mariadb').text(Number('1.2345678901234567e-15'))).toBe('0.0000000000000012345678901234568');
  expect(column('float', 'mysql').text(1e14)).toBe('1e14');
  expect(column('float', 'mariadb').text(1e14)).toBe('100000000000000');
});

it('keeps the digits of JSON integers that a number cannot hold', () => {
  const text =
    '{"a": 18446744073709551615, "s": "12345678901234567890 \\"1", "d": 0.12345678901234567890, "n": -9007199254740993}';
  expect(column('json').json(text)).toEqual({
    a: '18446744073709551615',
    s: '12345678901234567890 "1',
    d: 0.12345678901234568,
    n: '-9007199254740993',
  });
});

it.each([
  ['int(10) unsigned', 'int unsigned'],
  ["enum('a(b)','c')", 'enum'],
  ['varchar(20) /*M!100301 COMPRESSED*/', 'varchar'],
  ['decimal(10,2)', 'decimal'],
])('names the type %s as %s', (columnType, words) => {
  expect(typeInWords(columnType)).toBe(words);
});
