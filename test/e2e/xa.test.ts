import { describe, expect, it, vi } from 'vitest';
import { Shop } from '../support/shop-fixture.ts';

const SOON = { timeout: 60_000, interval: 50 };

/** Ends what a failed test leaves prepared: it would hold up the end of its database. */
async function open(server: 'mysql' | 'mysqlNoGtid' | 'mariadb'): Promise<Shop> {
  const shop = await Shop.open({ server });
  const keys = [`${shop.prefix}card:{id}`];
  shop.write('rules.yaml', {
    rules: [{ name: 'card', table: shop.table, keys, action: { refresh: { row: ['id', 'stock'] } } }],
  });
  await shop.insertProducts(3);
  return shop;
}

const stockOf = async (shop: Shop, id: number): Promise<unknown> => {
  const text = await shop.redis.get(`${shop.prefix}card:${id}`);
  return text === null ? null : (JSON.parse(text) as { stock: unknown }).stock;
};

/** The sessions of a pool change, and a prepared transaction belongs to nobody once it is prepared; so use a connection of its own. */
async function prepare(shop: Shop, xid: string, statement: string): Promise<void> {
  const connection = await shop.mysql.getConnection();
  for (const sql of [`XA START '${xid}'`, statement, `XA END '${xid}'`, `XA PREPARE '${xid}'`])
    await connection.query(sql);
  connection.destroy();
}

const ended = (shop: Shop, statement: string): Promise<unknown> => vi.waitFor(() => shop.mysql.query(statement), SOON);

describe.each(['mysql', 'mysqlNoGtid', 'mariadb'] as const)(
  'a refresh from the row of an XA transaction: %s',
  (server) => {
    it('comes with its commit, and never when it is rolled back', async () => {
      const shop = await open(server);
      const [kept, dropped] = [`${shop.prefix}kept`, `${shop.prefix}dropped`];
      await shop.ready('run');
      try {
        await shop.mysql.query(`UPDATE ${shop.table} SET stock = 10`);
        await vi.waitFor(async () => expect(await stockOf(shop, 1)).toBe(10), SOON);
        await prepare(shop, kept, `UPDATE ${shop.table} SET stock = 20 WHERE id = 1`);
        await prepare(shop, dropped, `UPDATE ${shop.table} SET stock = 30 WHERE id = 2`);
        await shop.mysql.query(`UPDATE ${shop.table} SET stock = 11 WHERE id = 3`);
        // What comes behind them in the log is applied; they are not.
        await vi.waitFor(async () => expect(await stockOf(shop, 3)).toBe(11), SOON);
        expect([await stockOf(shop, 1), await stockOf(shop, 2)]).toEqual([10, 10]);
        await ended(shop, `XA ROLLBACK '${dropped}'`);
        await ended(shop, `XA COMMIT '${kept}'`);
        await vi.waitFor(async () => expect(await stockOf(shop, 1)).toBe(20), SOON);
        expect(await stockOf(shop, 2)).toBe(10);
      } finally {
        for (const xid of [kept, dropped]) await shop.mysql.query(`XA ROLLBACK '${xid}'`).catch(() => undefined);
      }
    });
  },
);
