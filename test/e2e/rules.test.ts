import { describe, expect, it, vi } from 'vitest';
import { Shop, type SqlServer } from '../support/shop-fixture.ts';

const SERVERS: SqlServer[] = ['mysql', 'mysqlNoGtid', 'mariadb'];

describe.each(SERVERS)('the rules, from a committed row on %s to Redis', (server) => {
  it('invalidates the lists of both categories when a product moves from 5 to 7', async () => {
    const shop = await Shop.open({ server });
    await shop.insertProducts(10);
    await shop.ready('run');
    const lists = [5, 6, 7].map((id) => `${shop.prefix}category:${id}:products`);
    for (const list of lists) await shop.redis.set(list, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET category_id = 7 WHERE id = 4`);
    await vi.waitFor(async () => expect(await shop.keys('category:*')).toEqual([lists[1]]), { timeout: 10_000 });
  });

  it('leaves the lists alone when a column changes that the rule does not name', async () => {
    const shop = await Shop.open({ server });
    await shop.insertProducts(10);
    await shop.ready('run');
    await shop.redis.set(`${shop.prefix}category:5:products`, 'cached');
    await shop.redis.set(`${shop.prefix}product:4`, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 99 WHERE id = 4`);
    await vi.waitFor(async () => expect(await shop.keys('*')).toEqual([`${shop.prefix}category:5:products`]), {
      timeout: 10_000,
    });
  });

  it('continues after an ordered stop where it stopped', async () => {
    const shop = await Shop.open({ server });
    await shop.insertProducts(10);
    const first = await shop.ready('run');
    expect((await first.stop('SIGTERM')).signal).toBe('SIGTERM');
    await shop.redis.set(`${shop.prefix}product:3`, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1 WHERE id = 3`);
    await shop.ready('run');
    await vi.waitFor(async () => expect(await shop.keys('*')).toEqual([]), { timeout: 10_000 });
  });
});
