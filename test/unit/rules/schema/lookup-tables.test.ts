import { describe, expect, it } from 'vitest';
import { problemsOf, rulesOf } from '../../../support/rules.ts';

const text = (query: string, tables: string, table = 'shop.lines'): string => `rules:
  - name: r
    table: ${table}
    lookup:
      query: ${query} WHERE a = :a
      tables: ${tables}
    keys: ['key:{lookup.c}']
    action: delete
`;
const warnings = (...args: Parameters<typeof text>): string[] =>
  rulesOf(text(...args)).warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('a table that the lookup reads and does not name', () => {
  it.each([
    ['SELECT c FROM orders', '[shop.ordres]', '5:28', 'orders'],
    ['SELECT c FROM orders JOIN items', '[shop.orders]', '5:40', 'items'],
    ['SELECT c FROM orders JOIN items JOIN items', '[shop.orders]', '5:40', 'items'],
    ['SELECT c FROM other.orders', '[shop.orders]', '5:28', 'other.orders'],
    ['SELECT c FROM `orders`', '["shop.order_*"]', '5:28', 'orders'],
    ['SELECT c FROM orders', "['/shop\\.items/']", '5:28', 'orders'],
    ['SELECT c FROM orders', '[other.orders]', '5:28', 'orders'],
    ['SELECT c FROM orders', '[other.orders]', '5:28', 'orders', '"shop.*"'],
    ['SELECT c FROM orders', '[shop.items]', '5:28', 'orders', '"shop_*.lines"'],
    ['SELECT c FROM orders', '[a.orders]', '5:28', 'orders', '[a.lines, b.lines]'],
  ] as const)('is refused: %s of %s', (query, tables, place, name, table?: string) => {
    expect(problemsOf(text(query, tables, table))).toEqual([
      `${place} \`rules[0].lookup.query\`: the lookup reads \`${name}\`, which \`tables\` does not name`,
    ]);
  });

  it.each([
    ['SELECT c FROM orders', '[shop.orders]'],
    ['SELECT c FROM Orders', '[shop.orders]'],
    ['SELECT c FROM orders', '["shop.*"]'],
    ['SELECT c FROM orders', "['/shop\\.o.*/']"],
    ['SELECT c FROM other.orders', '["*.orders"]'],
    ['SELECT c FROM orders', '["shop_*.orders"]', '"shop_*.lines"'],
    ['SELECT c FROM orders', "['/shop_.\\.orders/']", "'/shop_.\\.lines/'"],
    ['SELECT c FROM orders', '[a.orders, b.orders]', '[a.lines, b.lines]'],
    ['SELECT c FROM orders JOIN information_schema.tables', '[shop.orders]'],
  ] as const)('is not found: %s of %s', (query, tables, table?: string) => {
    expect(problemsOf(text(query, tables, table))).toEqual([]);
    expect(warnings(query, tables, table)).toEqual([]);
  });
});

it('warns of a table that is named and not read', () => {
  expect(warnings('SELECT c FROM orders', '[shop.orders, shop.items, other.orders]')).toEqual([
    '6:29 rule `r`: the query of the lookup does not read `shop.items`',
    '6:41 rule `r`: the query of the lookup does not read `other.orders`',
  ]);
});
