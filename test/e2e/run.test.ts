import { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql, startRedis } from '../../deploy/local/services.ts';
import { Shop } from '../support/shop-fixture.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const WITHIN = { timeout: 30_000 };

/** Keeps what it was told through a SIGKILL: a restart brings the stale values back. */
async function throwawayRedis() {
  const server = await startRedis({ flags: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const client = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined); // it is killed on purpose
  onTestFinished(async () => {
    client.disconnect();
    await server.remove();
  });
  return { server, client };
}

describe('sluice run', () => {
  it('refreshes a key from a query and from the row image, with a TTL, and leaves an empty marker for a row that is gone', async () => {
    const shop = await Shop.open();
    const refresh = (more: object): object => ({ refresh: { ttl: '10m', jitter: '10%', ...more } });
    shop.write('rules.yaml', {
      rules: [
        {
          name: 'card',
          table: shop.table,
          keys: [`${shop.prefix}card:{id}`],
          action: refresh({ query: 'SELECT id, name, stock FROM products WHERE id = :id' }),
        },
        {
          name: 'row',
          table: shop.table,
          keys: [`${shop.prefix}row:{id}`],
          action: refresh({ row: ['id', 'stock'], store: 'hash', empty: { value: 'gone', ttl: '30s' } }),
        },
      ],
    });
    await shop.insertProducts(2);
    await shop.ready('run');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 7 WHERE id = 1`);
    const [card, row] = [`${shop.prefix}card:1`, `${shop.prefix}row:1`];
    await vi.waitFor(async () => expect(await shop.redis.get(card)).toBe('{"id":1,"name":"name","stock":7}'), WITHIN);
    await vi.waitFor(async () => expect(await shop.redis.hgetall(row)).toEqual({ id: '1', stock: '7' }), WITHIN);
    const ttlMs = await shop.redis.pttl(card);
    expect(ttlMs).toBeGreaterThan(9 * 60_000 - 5_000);
    expect(ttlMs).toBeLessThanOrEqual(11 * 60_000);

    await shop.mysql.query(`DELETE FROM ${shop.table} WHERE id = 1`);
    await vi.waitFor(async () => expect(await shop.redis.exists(card)).toBe(0), WITHIN);
    await vi.waitFor(async () => expect(await shop.redis.hgetall(row)).toEqual({ 'sluice:empty': 'gone' }), WITHIN);
    const emptyTtlMs = await shop.redis.pttl(row);
    expect(emptyTtlMs).toBeGreaterThan(0);
    expect(emptyTtlMs).toBeLessThanOrEqual(33_000); // the marker's own 30 s, with the same jitter
  });

  it('waits for a Redis that is down, says so at /readyz, and skips nothing', async () => {
    const { server, client } = await throwawayRedis();
    const shop = await Shop.open({ config: { targets: [{ name: 'main', url: server.url }] } });
    await shop.insertProducts(100);
    const daemon = await shop.ready('run');
    const keys = Array.from({ length: 100 }, (_, index) => `${shop.prefix}product:${index + 1}`);
    await client.mset(...keys.flatMap((key) => [key, '0']));
    await server.kill('SIGKILL');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    const readyz = async (): Promise<{ status: number; text: string }> => {
      const response = await fetch(`${await daemon.admin()}/readyz`);
      return { status: response.status, text: await response.text() };
    };
    await vi.waitFor(async () => expect(await readyz()).toMatchObject({ status: 503 }), WITHIN);
    expect((await readyz()).text).toContain('main: the target does not answer');

    // The server comes back with what it had: stale values, that the daemon still owes.
    await server.restart();
    await vi.waitFor(async () => expect((await readyz()).status).toBe(200), WITHIN);
    await vi.waitFor(async () => expect(await client.exists(...keys)).toBe(0), WITHIN);
  });

  it('keeps one target right while another is down, which then catches up alone', async () => {
    const { server, client } = await throwawayRedis();
    const shop = await Shop.open();
    shop.write('sluice.yaml', {
      ...shop.defaultConfig({}),
      targets: [
        { name: 'main', url: shop.addresses.redis.url },
        { name: 'second', url: server.url },
      ],
    });
    await shop.insertProducts(10);
    await shop.ready('run');
    const key = `${shop.prefix}product:3`;
    await client.set(key, 'cached');
    await server.kill('SIGKILL');
    for (let round = 1; round <= 5; round++) {
      await shop.redis.set(key, 'cached');
      await shop.mysql.query(`UPDATE ${shop.table} SET stock = ${round} WHERE id = 3`);
      await vi.waitFor(async () => expect(await shop.redis.exists(key)).toBe(0), WITHIN);
    }
    await server.restart();
    await vi.waitFor(async () => expect(await client.exists(key)).toBe(0), WITHIN);
  });

  it('refuses a source that is away at the first start, and waits for it at every other', async () => {
    const server = await startMysql();
    onTestFinished(() => server.remove());
    const shop = await Shop.open({ mysqlUrl: server.url });
    await shop.insertProducts(3);
    await server.stop();
    const refused = shop.start('run');
    expect((await refused.exited).code).toBe(2);
    expect(refused.stderr).toContain('ECONNREFUSED');

    await server.restart();
    await (await shop.ready('run')).stop('SIGTERM');
    const key = `${shop.prefix}product:2`;
    await shop.redis.set(key, 'stale');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 7 WHERE id = 2`);
    await server.stop();
    const daemon = shop.start('run');
    await vi.waitFor(() => expect(daemon.stderr).toContain('"msg":"started"'), WITHIN);
    expect(daemon.stderr).toContain('ECONNREFUSED');
    await server.restart();
    await daemon.ready();
    await vi.waitFor(async () => expect(await shop.redis.exists(key)).toBe(0), WITHIN);
  });

  it('refuses a Redis that takes no writes at the first start, and waits for it at every other', async () => {
    const { server, client } = await throwawayRedis();
    const shop = await Shop.open();
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), targets: [{ name: 'main', url: server.url }] });
    await shop.insertProducts(3);
    await client.replicaof('127.0.0.1', 1);
    const refused = shop.start('run');
    expect((await refused.exited).code).toBe(2);
    expect(refused.stderr).toContain('is a replica of 127.0.0.1:1');

    await client.replicaof('NO', 'ONE');
    await (await shop.ready('run')).stop('SIGTERM');
    const key = `${shop.prefix}product:2`;
    await client.set(key, 'stale');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 7 WHERE id = 2`);
    await client.replicaof('127.0.0.1', 1);
    const daemon = shop.start('run');
    await vi.waitFor(() => expect(daemon.stderr).toContain('"msg":"started"'), WITHIN);
    expect(daemon.stderr).toContain('is a replica of 127.0.0.1:1');
    await client.replicaof('NO', 'ONE');
    await vi.waitFor(async () => expect(await client.exists(key)).toBe(0), WITHIN);
    await daemon.ready();
  });

  it('says the same of a source that goes between two questions of the start', async () => {
    const shop = await Shop.open();
    await shop.insertProducts(3);
    const { hostname, port, username, password } = new URL(shop.mysqlUrl);
    const link = await TcpProxy.open({ host: hostname, port: Number(port) });
    const url = `mysql://${username}:${password}@127.0.0.1:${link.port}`;
    shop.write('sluice.yaml', { ...shop.defaultConfig({}), source: { url } });
    link.refuseAfter(1);
    const refused = shop.start('run');
    expect((await refused.exited).code).toBe(2);
    expect(refused.stderr).toContain('ECONNRESET');

    link.heal();
    await (await shop.ready('run')).stop('SIGTERM');
    link.refuseAfter(1);
    const daemon = shop.start('run');
    await vi.waitFor(() => expect(daemon.stderr).toContain('"msg":"started"'), WITHIN);
    link.heal();
    await daemon.ready();
  });

  it('tells over its stream which row and transaction did it', async () => {
    const shop = await Shop.open();
    await shop.insertProducts(20);
    const daemon = await shop.ready('run');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1 WHERE id = 12`);
    const tail = shop.start(
      'tail',
      '--daemon',
      await daemon.admin(),
      '--key',
      `${shop.prefix}product:1*`,
      '--since',
      '1h',
    );
    await vi.waitFor(() => expect(tail.stdout).toContain('product:12'), WITHIN);
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1 WHERE id IN (2, 17)`);
    await vi.waitFor(() => expect(tail.stdout).toContain('product:17'), WITHIN);
    expect(tail.stdout).not.toContain('product:2 ');
    expect(tail.stdout).toMatch(/rule product {2}update shop_\S+\.products id=17 {2}transaction [0-9a-f-]{36}:\d+$/m);
  });

  it('reads the binary log from the earliest event when told so, and only at the first start', async () => {
    // A server of its own: the log of a shared one is long.
    const server = await startMysql();
    onTestFinished(() => server.remove());
    const shop = await Shop.open({
      mysqlUrl: server.url,
      config: { source: { url: server.url, start: 'earliest' } },
    });
    await shop.redis.set(`${shop.prefix}product:5`, 'cached');
    await shop.insertProducts(10);
    const daemon = await shop.ready('run');
    await vi.waitFor(async () => expect(await shop.redis.exists(`${shop.prefix}product:5`)).toBe(0), WITHIN);
    await vi.waitFor(async () => expect(await daemon.metric('sluice_in_flight_batches')).toBe(0), WITHIN);
    await daemon.stop('SIGTERM');
    await shop.redis.set(`${shop.prefix}product:5`, 'cached again');
    await shop.ready('run');
    await shop.redis.set(`${shop.prefix}product:6`, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1 WHERE id = 6`);
    await vi.waitFor(async () => expect(await shop.redis.exists(`${shop.prefix}product:6`)).toBe(0), WITHIN);
    expect(await shop.redis.get(`${shop.prefix}product:5`)).toBe('cached again');
  });

  it('ends by the signal that stopped it, after the checkpoint was saved', async () => {
    const shop = await Shop.open({ config: { checkpoint: { interval: '1h' } } });
    await shop.insertProducts(1);
    const daemon = await shop.ready('run');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    await vi.waitFor(async () => expect(await daemon.metric('sluice_row_changes_total')).toBeGreaterThan(0), WITHIN);
    expect(await daemon.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    expect(daemon.stderr).toContain('"msg":"stopped"');
    const again = await shop.ready('run');
    expect(again.stderr).toContain('resuming from the checkpoint');
    await vi.waitFor(async () => expect(await again.metric('sluice_source_connected')).toBe(1), WITHIN);
    expect(await again.metric('sluice_row_changes_total')).toBe(0);
  });

  it('ends with exit code 3 and applies nothing when the position was purged or the checkpoint is damaged', async () => {
    const server = await startMysql();
    onTestFinished(() => server.remove());
    const shop = await Shop.open({
      mysqlUrl: server.url,
      config: { source: { url: server.url, on_gap: 'halt' } },
    });
    await shop.insertProducts(1);
    await (await shop.ready('run')).stop('SIGTERM');
    await shop.redis.set(`${shop.prefix}product:1`, 'cached');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1`);
    await shop.mysql.query('FLUSH BINARY LOGS');
    const [rows] = await shop.mysql.query<RowDataPacket[]>('SHOW BINARY LOG STATUS');
    await shop.mysql.query(`PURGE BINARY LOGS TO '${String(rows[0]?.['File'])}'`);
    const purged = shop.start('run');
    expect(await purged.exited).toEqual({ code: 3, signal: null });
    expect(purged.stderr).toContain('"code":"SOURCE_POSITION_GONE"');
    shop.write('state/checkpoint.main.json.token-1000', '{"format":1,');
    const damaged = shop.start('run');
    expect(await damaged.exited).toEqual({ code: 3, signal: null });
    expect(damaged.stderr).toContain('"code":"CHECKPOINT_UNREADABLE"');
    expect(await shop.redis.get(`${shop.prefix}product:1`)).toBe('cached');
  });

  it('keeps its checkpoint in Redis when told so', async () => {
    const shop = await Shop.open();
    shop.write('sluice.yaml', {
      ...shop.defaultConfig({}),
      checkpoint: { store: 'redis', interval: '50ms', key: `${shop.prefix}checkpoint` },
    });
    await shop.insertProducts(1);
    const daemon = await shop.ready('run');
    await vi.waitFor(
      async () => expect(await shop.keys('checkpoint*')).toEqual([`${shop.prefix}checkpoint:main`]),
      WITHIN,
    );
    await daemon.stop('SIGTERM');
    expect((await shop.ready('run')).stderr).toContain('resuming from the checkpoint');
  });
});
