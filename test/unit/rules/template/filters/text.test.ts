import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { filtered } from '../../../../support/templates.ts';

const HUGE = 'ä'.repeat(1_000_000);
const HALF_PAIR = 'x\ud83d';

const TEXT_FILTERS = [
  'lower',
  'upper',
  'trim',
  'hex',
  'base64',
  'urlencode',
  'escape',
  'escape(":/")',
  'sha1',
  'md5',
  'crc32',
  'substring(1)',
  'substring(0, 2)',
];

describe.each(TEXT_FILTERS)('%s', (filter) => {
  it('leaves NULL alone', () => {
    expect(filtered(filter, null)).toBeNull();
  });

  it('takes an empty text, and half a surrogate pair', () => {
    expect(filtered(filter, '')).toEqual(expect.any(String));
    expect(filtered(filter, HALF_PAIR)).toEqual(expect.any(String));
  });

  it('takes a value of megabytes, if the key stays short', () => {
    expect(filtered(`${filter} | sha1`, HUGE)).toMatch(/^[0-9a-f]{40}$/);
  });
});

it.each([
  ['lower', 'ÀB ß İ', 'àb ß i̇'],
  ['upper', 'straße', 'STRASSE'],
  ['trim', ' \t a b \u00a0\n', 'a b'],
  ['hex', 'ä:', 'c3a43a'],
  ['hex', '😀', 'f09f9880'],
  ['base64', 'a?b>', 'YT9iPg=='],
  ['base64', 'x'.repeat(100), Buffer.from('x'.repeat(100)).toString('base64')],
  ['urlencode', "a b/ä!'()*~-._", 'a%20b%2F%C3%A4%21%27%28%29%2A~-._'],
  ['urlencode', HALF_PAIR, 'x%EF%BF%BD'],
  ['escape', 'a:b%3A', 'a%3Ab%253A'],
  ['escape("/: ")', 'a/b:c d', 'a%2Fb%3Ac%20d'],
  ['escape("é😀]^-\\\\")', 'é😀]^-\\x', '%C3%A9%F0%9F%98%80%5D%5E%2D%5Cx'],
  ['sha1', 'ä', createHash('sha1').update('ä', 'utf8').digest('hex')],
  ['md5', '', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['crc32', 'MySQL', '3259397556'],
  ['crc32', '', '0'],
  ['crc32', 'ä', String(crc32(Buffer.from('ä', 'utf8')))],
  ['substring(1, 2)', 'abcd', 'bc'],
  ['substring(2)', 'abcd', 'cd'],
  ['substring(9)', 'abcd', ''],
  ['substring(0, 2)', '😀bc', '😀b'],
  ['substring(1, 1)', 'a😀c', '😀'],
  ['modulo(16)', '18446744073709551615', '15'],
  ['modulo(3)', '-5', '-2'],
  ['modulo(5)', '-5', '0'],
  ['modulo(7)', '0013', '6'],
  ['crc32 | modulo(4)', 'MySQL', '0'],
  ['default("none")', null, 'none'],
  ['default("none")', '', ''],
  ['upper | default("none") | lower', null, 'none'],
  ["default('it\\'s {}|\"')", null, 'it\'s {}|"'],
  ['lower | substring(0, 3) | hex', 'ABCD', '616263'],
])('%s of %j is %j', (filter, value, expected) => {
  expect(filtered(filter, value)).toBe(expected);
});

it.each(['', '1.5', 'abc', '1e3', ' 1', '9'.repeat(101)])('modulo fails for %j, with a code', (value) => {
  expect(() => filtered('modulo(3)', value)).toThrow(
    expect.objectContaining({
      code: 'RULE_FILTER_FAILED',
      message: expect.stringMatching(/^rule `r`: \{a \| modulo\(3\)\}/) as string,
    }) as Error,
  );
});

it('never names the value in a failure, as messages go to logs', () => {
  expect(() => filtered('modulo(3)', 'secret')).toThrow(expect.not.stringContaining('secret') as string);
  expect(() => filtered('json("$.a")', 'secret')).toThrow(expect.not.stringContaining('secret') as string);
  expect(() => filtered('date("%Y")', 'secret')).toThrow(expect.not.stringContaining('secret') as string);
});
