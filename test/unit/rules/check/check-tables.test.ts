import { expect, it } from 'vitest';
import { missingColumns, unmatchedTables } from '../../../../src/rules/check/check-tables.ts';
import { liveTable } from '../../../support/live-tables.ts';
import { rulesOf } from '../../../support/rules.ts';

const TABLES = [
  liveTable('shop.products', ['id', 'name varchar(20)', 'price', 'category_id']),
  liveTable('shop.orders', ['id', 'customer_id']),
];
const check = (text: string) => {
  const ruleSet = rulesOf(text);
  return [...unmatchedTables(ruleSet, TABLES), ...missingColumns(ruleSet, TABLES)].map(
    (p) => `${p.line}:${p.column} ${p.message} / ${p.remedy}`,
  );
};

it('finds nothing wrong with rules that fit, whatever the case of the columns', () => {
  expect(check('rules:\n  - {name: a, table: "shop.*", keys: ["a:{ID}"], action: delete}\n')).toEqual([]);
});

it('names the pattern that matches no table, at its place in the list', () => {
  expect(
    check('rules:\n  - {name: a, table: [shop.products, shop.order], keys: ["a:{id}"], action: delete}\n'),
  ).toEqual(['2:38 rule `a`: no table matches `shop.order` / Did you mean `shop.orders`?']);
});

it('says which tables there are when none is near', () => {
  expect(check('rules:\n  - {name: a, table: "/x.y/", keys: ["a"], action: delete}\n')).toEqual([
    '2:22 rule `a`: no table matches `/x.y/` / There is shop.products, shop.orders.',
  ]);
});

it('names every column that is not there: in keys, columns, partition_key, query and row', () => {
  const text = `rules:
  - name: a
    table: shop.products
    columns: [prize]
    keys: ["a:{id}:{nam}"]
    partition_key: "{category}"
    action:
      refresh:
        query: |
          SELECT 1
          FROM products WHERE id = :idd
  - name: b
    table: shop.products
    keys: ["b:{id}"]
    action: {refresh: {row: [id, naem]}}
`;
  expect(check(text)).toEqual([
    '4:15 rule `a`: there is no column `prize` in shop.products / Did you mean `price`?',
    '5:21 rule `a`: there is no column `nam` in shop.products / Did you mean `name`?',
    '6:22 rule `a`: there is no column `category` in shop.products / shop.products has: id, name, price, category_id.',
    '11:36 rule `a`: there is no column `idd` in shop.products / Did you mean `id`?',
    '15:34 rule `b`: there is no column `naem` in shop.products / Did you mean `name`?',
  ]);
});

it('counts the tables of a wide pattern that lack a column', () => {
  expect(check('rules:\n  - {name: a, table: "shop.*", keys: ["a:{tenant}"], action: delete}\n')).toEqual([
    '2:43 rule `a`: there is no column `tenant` in shop.products and 1 more of its tables / shop.products has: id, name, price, category_id.',
  ]);
});

it('names the columns that `when` and a lookup need, and the tables of the lookup', () => {
  const text = `rules:
  - name: a
    table: shop.orders
    when: after.customer > 1
    lookup:
      query: SELECT c FROM customers WHERE id = :customer_nr
      tables: [shop.customers, shop.orders]
    keys: ["a:{lookup.c}"]
    action: delete
`;
  expect(check(text)).toEqual([
    '7:16 rule `a`: no table matches `shop.customers` / There is shop.products, shop.orders.',
    '4:17 rule `a`: there is no column `customer` in shop.orders / shop.orders has: id, customer_id.',
    '6:49 rule `a`: there is no column `customer_nr` in shop.orders / Did you mean `customer_id`?',
  ]);
});

it('knows that a lookup may read a view, and that rows of a view never change', () => {
  const text = `rules:
  - name: a
    table: [shop.orders, shop.v]
    lookup:
      query: SELECT c FROM v WHERE id = :id
      tables: [shop.v, shop.orders]
    keys: ["a:{lookup.c}"]
    action: delete
`;
  const tables = [liveTable('shop.orders', ['id'])];
  const views = [{ database: 'shop', name: 'v' }];
  const places = unmatchedTables(rulesOf(text), tables, views).map(({ line, column }) => `${line}:${column}`);
  expect(places).toEqual(['3:26']);
});
