import { expect, it } from 'vitest';
import { refreshedHistory } from '../../../../src/rules/check/history-tables.ts';
import { liveTable } from '../../../support/live-tables.ts';
import { rulesOf } from '../../../support/rules.ts';

const TABLES = [
  liveTable('shop.products', ['id', 'name'], ['id'], true),
  liveTable('shop.prices', ['id', 'price'], ['id'], true),
  liveTable('shop.orders', ['id']),
];
const check = (rule: string) =>
  refreshedHistory(rulesOf(`rules:\n  - {name: a, keys: ["a:{id}"], ${rule}}\n`), TABLES).map(
    (p) => `${p.line}:${p.column} ${p.message} / ${p.remedy}`,
  );

it('refuses a refresh from the row where history is logged as rows, on whatever operation', () => {
  const why = 'is system-versioned: MariaDB logs its deleted rows as updates, and a refresh from the row would store them';
  const remedy = 'Let the rule delete its keys, or refresh them by a query.';
  expect(check('table: shop.products, action: {refresh: {row: true}}')).toEqual([`2:12 rule \`a\`: shop.products ${why} / ${remedy}`]);
  expect(check('table: "shop.*", on: {insert: {refresh: {row: [id]}}, update: delete, delete: delete}')).toEqual([`2:12 rule \`a\`: shop.products and 1 more of its tables ${why} / ${remedy}`]);
}); // prettier-ignore

it('has nothing against deletes and refreshes by a query, or other tables', () => {
  expect(check('table: shop.products, action: delete')).toEqual([]);
  expect(check('table: shop.products, action: {refresh: {query: "SELECT 1 FROM products WHERE id = :id"}}')).toEqual([]);
  expect(check('table: shop.orders, action: {refresh: {row: true}}')).toEqual([]);
}); // prettier-ignore
