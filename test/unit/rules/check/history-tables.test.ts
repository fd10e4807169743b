import { expect, it } from 'vitest';
import { misreadHistory } from '../../../../src/rules/check/history-tables.ts';
import { liveTable } from '../../../support/live-tables.ts';
import { rulesOf } from '../../../support/rules.ts';

const TABLES = [
  liveTable('shop.products', ['id', 'name'], ['id'], true),
  liveTable('shop.prices', ['id', 'price'], ['id'], true),
  liveTable('shop.orders', ['id']),
];
const check = (rule: string) =>
  misreadHistory(rulesOf(`rules:\n  - {name: a, keys: ["a:{id}"], ${rule}}\n`), TABLES).map(
    (p) => `${p.line}:${p.column} ${p.message} / ${p.remedy}`,
  );

const where = 'shop.products is system-versioned: MariaDB logs its deleted rows as updates';

it('refuses a refresh from the row, on whatever operation', () => {
  const why = 'and a refresh from the row would store them / Delete the keys, or refresh them by a query.';
  expect(check('table: shop.products, action: {refresh: {row: true}}')).toEqual([`2:12 rule \`a\`: ${where}, ${why}`]);
  const on = 'on: {insert: {refresh: {row: [id]}}, update: delete, delete: delete}';
  expect(check(`table: "shop.*", ${on}`)).toEqual([
    `2:12 rule \`a\`: ${where.replace('products', 'products and 1 more of its tables')}, ${why}`,
  ]);
});

it('refuses whatever could leave out an update of nothing but the end of a period', () => {
  expect(check('table: shop.products, on: {insert: delete, delete: delete}')).toEqual([
    `2:12 rule \`a\`: ${where}, and the rule leaves updates out / Let \`on\` have an action for \`update\`.`,
  ]);
  expect(check('table: shop.products, columns: [name], action: delete')).toEqual([
    `2:12 rule \`a\`: ${where}, which change none of its \`columns\` / Leave \`columns\` out: every update counts then.`,
  ]);
  expect(check('table: shop.products, when: after.name != before.name, action: delete')).toEqual([
    `2:12 rule \`a\`: ${where}, which its \`when\` may leave out / Leave \`when\` out: keys too many are deleted, none too few.`,
  ]);
});

it('has nothing against deletes and refreshes by a query, or other tables', () => {
  expect(check('table: shop.products, action: delete')).toEqual([]);
  expect(check('table: shop.products, action: {refresh: {query: "SELECT 1 FROM products WHERE id = :id"}}')).toEqual(
    [],
  );
  expect(check('table: shop.orders, columns: [id], action: {refresh: {row: true}}')).toEqual([]);
});
