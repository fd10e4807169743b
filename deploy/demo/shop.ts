import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Redis } from 'ioredis';

export const DATABASE = 'sluice_demo';
export const PRODUCTS = 10_500;
const CATEGORIES = 20;
const CUSTOMERS = 100;

/** Drops and creates the demo's own database, nothing else. */
export async function createShop(mysql: Connection): Promise<void> {
  await mysql.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
  await mysql.query(`CREATE DATABASE ${DATABASE}`);
  await mysql.query(`USE ${DATABASE}`);
  await mysql.query('CREATE TABLE categories (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL)');
  await mysql.query(`CREATE TABLE products (id INT PRIMARY KEY, category_id INT NOT NULL, name VARCHAR(100) NOT NULL,
    price DECIMAL(10,2) NOT NULL, description TEXT, KEY (category_id))`);
  await mysql.query(`CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer_id INT NOT NULL, product_id INT NOT NULL,
    quantity INT NOT NULL, KEY (customer_id))`);
  await mysql.query('INSERT INTO categories VALUES ?', [numbers(CATEGORIES).map((id) => [id, `Category ${id}`])]);
  const products = numbers(PRODUCTS).map((id) => [
    id,
    1 + (id % CATEGORIES),
    `Product ${id}`,
    (5 + (id % 90)).toFixed(2),
    'As good as new',
  ]);
  await mysql.query('INSERT INTO products (id, category_id, name, price, description) VALUES ?', [products]);
  const orders = numbers(500).map((id) => [1 + (id % CUSTOMERS), id, 1]);
  await mysql.query('INSERT INTO orders (customer_id, product_id, quantity) VALUES ?', [orders]);
}

/** What an application would cache under each key, computed from the rows: cache-aside fill and staleness check share it. */
export async function expectedEntries(mysql: Connection): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  const append = (key: string, value: string | number): void =>
    void entries.set(key, entries.has(key) ? `${entries.get(key)},${value}` : String(value));
  const [products] = await mysql.query<RowDataPacket[]>(
    'SELECT id, category_id, name, price, description FROM products ORDER BY id',
  );
  for (const { id, category_id, name, price, description } of products as Record<string, string>[]) {
    entries.set(`product:${id}`, JSON.stringify({ id, category_id, name, price, description }));
    entries.set(`card:${id}`, JSON.stringify({ id, name, price }));
    append(`category:${category_id}:products`, `${id}@${price}`);
  }
  const [orders] = await mysql.query<RowDataPacket[]>('SELECT id, customer_id, quantity FROM orders ORDER BY id');
  for (const { id, customer_id, quantity } of orders as Record<string, string>[])
    append(`customer:${customer_id}:orders`, `${id}x${quantity}`);
  return entries;
}

export async function fillCache(redis: Redis, entries: ReadonlyMap<string, string>): Promise<void> {
  const flat = [...entries].flat();
  for (let i = 0; i < flat.length; i += 2000) await redis.mset(...flat.slice(i, i + 2000));
}

/** Keys of the demo in Redis that hold another value than their rows say. An absent key is never stale. */
export async function staleKeys(redis: Redis, entries: ReadonlyMap<string, string>): Promise<string[]> {
  const stale: string[] = [];
  for (const key of await demoKeys(redis)) {
    const value = await redis.get(key);
    if (value !== null && value !== entries.get(key)) stale.push(key);
  }
  return stale;
}

/** Takes away the demo's own keys and the versions the daemon keeps of them, and leaves everything else alone. */
export async function removeDemoKeys(redis: Redis): Promise<void> {
  const keys = [...(await demoKeys(redis)), ...(await keysLike(redis, 'sluice:*'))];
  for (let i = 0; i < keys.length; i += 1000) await redis.unlink(keys.slice(i, i + 1000));
}

async function demoKeys(redis: Redis): Promise<string[]> {
  const patterns = ['product:*', 'card:*', 'category:*:products', 'customer:*:orders'];
  return (await Promise.all(patterns.map((pattern) => keysLike(redis, pattern)))).flat();
}

async function keysLike(redis: Redis, pattern: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of redis.scanStream({ match: pattern, count: 1000 })) keys.push(...(page as string[]));
  return keys;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
