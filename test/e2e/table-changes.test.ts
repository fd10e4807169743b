import { expect, it, describe, vi } from 'vitest';
import { Shop, type ShopOptions } from '../support/shop-fixture.ts';

/** Long enough for a flush beside two busy cores; a condition that holds ends the wait at once. */
const SOON = { timeout: 60_000, interval: 100 };
const ROWS = 2_000;

/** A key that is deleted, one that is refreshed from the row, and keys of somebody else. */
const rulesOf = (shop: Shop, more: object = {}): unknown => ({
  rules: [
    { name: 'product', table: shop.table, keys: [`${shop.prefix}product:{id}`], action: 'delete', ...more },
    {
      name: 'card',
      table: shop.table,
      keys: [`${shop.prefix}card:{id}`],
      action: { refresh: { row: ['id', 'stock'] } },
      ...more,
    },
  ],
});

/** What an application and Sluice have left in the cache: every product under both keys, and one key of nobody's. */
async function fill(shop: Shop, ids: readonly number[]): Promise<void> {
  const pairs = ids.flatMap((id) => [
    [`${shop.prefix}product:${id}`, '0'],
    [`${shop.prefix}card:${id}`, '0'],
  ]);
  for (let i = 0; i < pairs.length; i += 1000) await shop.redis.mset(...pairs.slice(i, i + 1000).flat());
  await shop.redis.set(`${shop.prefix}other:1`, 'stays');
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function open(options: ShopOptions): Promise<Shop> {
  const shop = await Shop.open(options);
  shop.write('rules.yaml', rulesOf(shop));
  await shop.insertProducts(ROWS);
  return shop;
}

async function start(shop: Shop, kafka: boolean): Promise<void> {
  if (kafka) await Promise.all([shop.ready('capture'), shop.ready('apply')]);
  else await shop.ready('run');
}

const untilOnlyOthersAreLeft = (shop: Shop): Promise<void> =>
  vi.waitFor(async () => expect(await shop.keys('*')).toEqual([`${shop.prefix}other:1`]), SOON);

const WAYS: { title: string; options: ShopOptions }[] = [
  { title: 'MySQL, in one process', options: { server: 'mysql' } },
  { title: 'MySQL without GTIDs, in one process', options: { server: 'mysqlNoGtid' } },
  { title: 'MariaDB, in one process', options: { server: 'mariadb' } },
  { title: 'MySQL, through Kafka', options: { server: 'mysql', kafka: true } },
];

describe.each(WAYS)('a table change leaves no stale key: $title', ({ options }) => {
  it('TRUNCATE', async () => {
    const shop = await open(options);
    await start(shop, options.kafka === true);
    await fill(shop, range(ROWS));
    // Published just before the flush: a refresh that must not outlive it.
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    await shop.mysql.query(`TRUNCATE TABLE ${shop.table}`);
    await untilOnlyOthersAreLeft(shop);
  });

  it('DROP, and what is inserted into the new table is refreshed', async () => {
    const shop = await open(options);
    await start(shop, options.kafka === true);
    await fill(shop, range(ROWS));
    await shop.mysql.query(`DROP TABLE ${shop.table}`);
    await untilOnlyOthersAreLeft(shop);
    await shop.mysql.query(
      `CREATE TABLE ${shop.table} (id INT PRIMARY KEY, category_id INT NOT NULL, name VARCHAR(60) NOT NULL, stock INT NOT NULL)`,
    );
    await shop.mysql.query(`INSERT INTO ${shop.table} VALUES (7, 1, 'new', 70)`);
    await vi.waitFor(
      async () => expect(await shop.redis.get(`${shop.prefix}card:7`)).toBe('{"id":7,"stock":70}'),
      SOON,
    );
  });

  it('the RENAME swap of an online-schema-change tool', async () => {
    const shop = await open(options);
    await start(shop, options.kafka === true);
    await fill(shop, range(ROWS));
    const [now, next, old] = [shop.table, `${shop.database}._products_new`, `${shop.database}._products_old`];
    await shop.mysql.query(`CREATE TABLE ${next} LIKE ${now}`);
    await shop.mysql.query(`INSERT INTO ${next} SELECT id, category_id, name, stock + 5 FROM ${now}`);
    await shop.mysql.query(`RENAME TABLE ${now} TO ${old}, ${next} TO ${now}`);
    await untilOnlyOthersAreLeft(shop);
    await shop.mysql.query(`UPDATE ${now} SET stock = stock + 1 WHERE id = 3`);
    await vi.waitFor(async () => expect(await shop.redis.get(`${shop.prefix}card:3`)).toBe('{"id":3,"stock":6}'), SOON);
  });

  it('an ALTER that changes values; one that only adds an index touches nothing', async () => {
    const shop = await open(options);
    await start(shop, options.kafka === true);
    await fill(shop, [1, 2, 3]);
    await shop.mysql.query(`ALTER TABLE ${shop.table} ADD INDEX by_category (category_id)`);
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 9 WHERE id = 1`);
    await vi.waitFor(async () => expect(await shop.redis.get(`${shop.prefix}card:1`)).toBe('{"id":1,"stock":9}'), SOON);
    expect((await shop.keys('*')).length).toBe(6);
    await shop.mysql.query(`ALTER TABLE ${shop.table} MODIFY stock VARCHAR(20) NOT NULL`);
    await untilOnlyOthersAreLeft(shop);
  });
});

describe('a transaction of a million rows', () => {
  it('is one flush of each rule, and leaves no stale key', { timeout: 600_000 }, async () => {
    const count = 1_000_000;
    const shop = await Shop.open();
    shop.write('rules.yaml', rulesOf(shop));
    await shop.insertProducts(count);
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), audit: { path: 'audit.jsonl' } });
    await shop.ready('run');
    for (let first = 0; first < count; first += 10_000) {
      const keys = range(10_000).map((index) => `${shop.prefix}product:${first + index}`);
      await shop.redis.mset(...keys.flatMap((key) => [key, '0']));
    }
    await fill(shop, [1, count / 2, count]);
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1`);
    // The rows before the limit are refreshed first, and then flushed with the others.
    await vi.waitFor(() => expect(actions(shop).filter((action) => action === 'flush')).toHaveLength(2), {
      timeout: 400_000,
      interval: 1_000,
    });
    expect(await shop.keys('*')).toEqual([`${shop.prefix}other:1`]);
    // 100,000 rows of each rule one by one, then the flush.
    expect(actions(shop).length).toBe(200_002);
  });
});

const actions = (shop: Shop): string[] =>
  shop
    .read('audit.jsonl')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { action: string }).action);
