/** What the demo does to the shop, in order, and which keys must go or be refreshed because of it. */
export interface Step {
  readonly title: string;
  readonly sql: readonly string[];
  /** Keys that must be seen gone. */
  readonly gone: readonly string[];
  /** Keys that must be seen with a new value. */
  readonly refreshed: readonly string[];
  /** Keys that must stay untouched although a row nearby changed. */
  readonly untouched?: readonly string[];
}

const BULK = Array.from({ length: 10_000 }, (_, index) => index + 101);

/** Product n starts in category 1 + n % 20: 4 and 24 are in category 5. */
export const STEPS: readonly Step[] = [
  {
    title: 'insert: a new product in category 5',
    sql: [`INSERT INTO products VALUES (20001, 5, 'Brand new', 9.99, 'fresh')`],
    gone: ['category:5:products'],
    refreshed: ['card:20001'],
  },
  {
    title: 'update: product 1 becomes cheaper',
    sql: ['UPDATE products SET price = 1.11 WHERE id = 1'],
    gone: ['product:1', 'category:2:products'],
    refreshed: ['card:1'],
  },
  {
    title: 'update of a column that the lists do not show',
    sql: [`UPDATE products SET description = 'slightly used' WHERE id = 2`],
    gone: ['product:2'],
    refreshed: [],
    untouched: ['category:3:products', 'card:2'],
  },
  {
    title: 'move: product 4 leaves category 5 for category 7',
    sql: ['UPDATE products SET category_id = 7 WHERE id = 4'],
    gone: ['product:4', 'category:5:products', 'category:7:products'],
    refreshed: [],
  },
  {
    title: 'an order and its product in one transaction',
    sql: [
      'START TRANSACTION',
      'INSERT INTO orders (customer_id, product_id, quantity) VALUES (7, 9, 2)',
      'UPDATE products SET price = price + 1 WHERE id = 9',
      'COMMIT',
    ],
    gone: ['customer:7:orders', 'product:9', 'category:10:products'],
    refreshed: ['card:9'],
  },
  {
    title: 'rolled back: nothing happens',
    sql: ['START TRANSACTION', 'UPDATE products SET price = 0 WHERE id = 10', 'ROLLBACK'],
    gone: [],
    refreshed: [],
    untouched: ['product:10', 'card:10', 'category:11:products'],
  },
  {
    title: 'delete: product 11 is no more',
    sql: ['DELETE FROM products WHERE id = 11'],
    gone: ['product:11', 'category:12:products', 'card:11'],
    refreshed: [],
  },
  {
    title: 'bulk: one update of 10,000 rows',
    sql: ['UPDATE products SET price = price + 1 WHERE id BETWEEN 101 AND 10100'],
    gone: [...BULK.map((id) => `product:${id}`), 'category:1:products', 'category:20:products'],
    refreshed: BULK.map((id) => `card:${id}`),
  },
];
