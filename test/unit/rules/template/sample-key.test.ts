import { expect, it } from 'vitest';
import { sampleKey } from '../../../../src/rules/template/sample-key.ts';
import { rulesOf } from '../../../support/rules.ts';

const sampleOf = (key: string): (string | null)[] =>
  rulesOf(
    JSON.stringify({ rules: [{ name: 'r', table: 'shop.products', keys: [key], action: 'delete' }] }),
  ).rules.flatMap(({ keys }) => keys.map(sampleKey));

it.each([
  ['product:{id}', /^product:\d{20}$/],
  ['product:{id}:in:{category_id}', /^product:\d{20}:in:\d{20}$/],
  ['a[b]*?\\c:{id}', /^a\[b\]\*\?\\c:\d{20}$/],
])('a sample of %s has its fixed text and digits for the rest', (template, expected) => {
  expect(sampleOf(template)).toEqual([expect.stringMatching(expected)]);
});

it('there is none of fixed text alone: its only key may be there, and would be removed', () => {
  expect(sampleOf('all-products')).toEqual([null]);
});
