import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../deploy/local/services.ts';
import { Shop, type ShopOptions } from '../support/shop-fixture.ts';

const ROWS = 300;
const PASSES = 10;

/**
 * A transaction is in the binary log before the engine lets others see it; flushing the log at each commit widens the
 * moment. Each row changes once a pass, so a refresh that read too early is not repaired by the next record.
 */
async function staleRefreshes(options: ShopOptions): Promise<number> {
  const shop = await Shop.open(options);
  const query = 'SELECT id, stock FROM products WHERE id = :id';
  shop.write('rules.yaml', {
    rules: [{ name: 'card', table: shop.table, keys: [`${shop.prefix}card:{id}`], action: { refresh: { query } } }],
  });
  await shop.insertProducts(ROWS);
  const daemon = await shop.ready('run');
  let stale = 0;
  for (let pass = 1; pass <= PASSES; pass++) {
    for (let id = 1; id <= ROWS; id++)
      await shop.mysql.query(`UPDATE ${shop.table} SET stock = ${pass} WHERE id = ${id}`);
    const applied = async (): Promise<number> => daemon.metric('sluice_invalidations_total');
    await vi.waitFor(async () => expect(await applied()).toBeGreaterThanOrEqual(pass * ROWS), { timeout: 60_000 });
    await vi.waitFor(async () => expect(await daemon.metric('sluice_in_flight_batches')).toBe(0), { timeout: 60_000 });
    for (let id = 1; id <= ROWS; id++) {
      const cached = await shop.redis.get(`${shop.prefix}card:${id}`);
      if (cached !== JSON.stringify({ id, stock: pass })) stale++;
    }
  }
  return stale;
}

describe('a refresh by query', () => {
  const flags = ['--sync-binlog=1', '--innodb-flush-log-at-trx-commit=1'];

  it('never stores the row of before the commit it was told of, with GTIDs', async () => {
    const server = await startMysql({ flags });
    onTestFinished(() => server.remove());
    expect(await staleRefreshes({ mysqlUrl: server.url })).toBe(0);
  });

  it('never stores the row of before the commit it was told of, without GTIDs', async () => {
    const server = await startMysql({ flags: [...flags, '--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] });
    onTestFinished(() => server.remove());
    expect(await staleRefreshes({ mysqlUrl: server.url })).toBe(0);
  });

  it('never stores the row of before the commit it was told of, on MariaDB', async () => {
    const server = await startMysql({ flavour: 'mariadb', flags });
    onTestFinished(() => server.remove());
    expect(await staleRefreshes({ mysqlUrl: server.url })).toBe(0);
  });
});
