import { expect, it } from 'vitest';
import { canMatchDot } from '../../../../src/rules/table/expression/dotted.ts';
import { parseTablePattern } from '../../../../src/rules/table/table-pattern.ts';

it.each([
  ['shop\\.orders', true],
  ['shop.orders', true],
  ['.*', true],
  ['^(?:a|b)\\.c$', true],
  ['[^a]{3}', true],
  ['(?:x\\.)?y|a.b', true],
  ['a(?:\\.b)?', true],
  ['(a\\W)+b', true],
  ['\\x2e{3}', true],
  ['', false],
  ['orders', false],
  ['\\w+', false],
  ['[^.]+', false],
  ['\\.orders', false],
  ['shop\\.', false],
  ['.{2}', false],
  ['a|\\.b|c\\.', false],
])('whether /%s/ may match a table: %s', (source, expected) => {
  expect(canMatchDot(source, '')).toBe(expected);
});

it.each([
  ['//', 1, 'no place for the dot'],
  ['/orders/i', 1, 'no place for the dot'],
  ['shop.%', 5, '`%` is no wildcard here'],
])('%s is refused', (text, at, message) => {
  expect(parseTablePattern(text)).toMatchObject({
    problems: [{ at, message: expect.stringContaining(message) as string }],
  });
});

it('tells what to write instead of a percent sign', () => {
  expect(parseTablePattern('shop_%.ord%')).toMatchObject({ problems: [{ remedy: 'Write `*`: "shop_*.ord*".' }] });
});
