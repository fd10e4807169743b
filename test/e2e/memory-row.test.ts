import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../deploy/local/services.ts';
import { reportPeaks, startMode } from '../support/peak-memory.ts';
import { Shop } from '../support/shop-fixture.ts';

const MIB = 1024 * 1024;
/** The default limit of a MySQL client is what a row of this size needs. */
const ROW_BYTES = 64 * MIB;

/** A server that takes such rows. */
async function openShop(mode: 'in-process' | 'kafka', rules: (shop: Shop) => object[]): Promise<Shop> {
  const flags = ['--max-allowed-packet=1G', '--innodb-redo-log-capacity=2G'];
  const server = await startMysql({ flags });
  onTestFinished(() => server.remove());
  const shop = await Shop.open({ mysqlUrl: server.url, kafka: mode === 'kafka' });
  await shop.mysql.query(
    `CREATE TABLE ${shop.database}.files (id INT PRIMARY KEY, name VARCHAR(60) NOT NULL, data LONGBLOB NOT NULL)`,
  );
  shop.write('rules.yaml', { rules: rules(shop) });
  return shop;
}

describe.each(['in-process', 'kafka'] as const)('a row of 64 MB, %s', (mode) => {
  it.each([
    ['that the rule does not need', ['id', 'name']],
    ['that the rule wants to store', ['id', 'name', 'data']],
  ])('with a column %s is inserted, updated and deleted within a small heap', async (_, row) => {
    const shop = await openShop(mode, (shop) => [
      {
        name: 'file',
        table: `${shop.database}.files`,
        keys: [`${shop.prefix}file:{id}`],
        action: { refresh: { row, store: 'hash', ttl: '10m' } },
      },
    ]);
    const daemons = await startMode(shop, mode);
    const key = (id: number): string => `${shop.prefix}file:${id}`;
    const table = `${shop.database}.files`;
    const settled = async (id: number): Promise<void> => {
      // A small row behind it: once that is there, everything before it in its partition is done.
      await vi.waitFor(async () => expect(await shop.redis.hget(key(id), 'name')).toBe('small'), { timeout: 120_000 });
    };
    const insert = (id: number, name: string, bytes: number): Promise<unknown> =>
      shop.mysql.query(`INSERT INTO ${table} VALUES (${id}, '${name}', REPEAT('x', ${bytes}))`);
    await shop.redis.hset(key(1), 'name', 'stale');
    await insert(1, 'large', ROW_BYTES - 1);
    await vi.waitFor(async () => expect(await shop.redis.hget(key(1), 'name')).not.toBe('stale'), { timeout: 120_000 });
    await shop.mysql.query(`UPDATE ${table} SET name = 'larger', data = REPEAT('y', ${ROW_BYTES - 1})`);
    await insert(2, 'small', 10);
    await settled(2);
    if (row.includes('data')) expect(await shop.redis.exists(key(1))).toBe(0);
    else
      await vi.waitFor(async () => expect(await shop.redis.hget(key(1), 'name')).toBe('larger'), { timeout: 120_000 });
    await shop.mysql.query(`DELETE FROM ${table} WHERE id = 1`);
    await vi.waitFor(async () => expect(await shop.redis.exists(key(1))).toBe(0), { timeout: 120_000 });
    await insert(3, 'small', 10);
    await settled(3);
    expect(reportPeaks(`a row of 64 MB, ${mode}, columns ${row.join(' ')}`, daemons)).toBeLessThan(700);
  });
});
