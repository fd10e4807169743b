import { expect, it } from 'vitest';
import { sampleKey } from '../../../../src/rules/template/sample-key.ts';
import { rulesOf } from '../../../support/rules.ts';

const sampleOf = (key: string): string[] =>
  rulesOf(
    JSON.stringify({ rules: [{ name: 'r', table: 'shop.products', keys: [key], action: 'delete' }] }),
  ).rules.flatMap(({ keys }) => keys.map(sampleKey));

it.each([
  ['product:{id}', /^product:\d{16}$/],
  ['product:{id}:in:{category_id}', /^product:\d{16}:in:\d{16}$/],
  ['a[b]*?\\c:{id}', /^a\[b\]\*\?\\c:\d{16}$/],
  ['all-products', /^all-products$/],
])('a sample of %s has its fixed text and digits for the rest', (template, expected) => {
  expect(sampleOf(template)).toEqual([expect.stringMatching(expected)]);
});
