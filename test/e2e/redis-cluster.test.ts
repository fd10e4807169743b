import type { Cluster } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startRedisCluster, type ThrowawayRedisCluster } from '../../deploy/local/redis-cluster.ts';
import { clusterApp } from '../integration/cache/redis-harness.ts';
import { Shop } from '../support/shop-fixture.ts';

const WITHIN = { timeout: 60_000 };
const ROWS = 300;

/** A shop whose only target is a cluster, and whoever reads it. */
async function clusterShop(replicas: number): Promise<{ shop: Shop; app: Cluster; cluster: ThrowawayRedisCluster }> {
  const cluster = await startRedisCluster({ replicas });
  const app = clusterApp(cluster);
  onTestFinished(async () => {
    app.disconnect();
    await cluster.remove();
  });
  const nodes = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
  const shop = await Shop.open({ config: { targets: [{ name: 'main', cluster: { nodes }, command_timeout: '1s' }] } });
  shop.write('rules.yaml', {
    rules: [
      { name: 'product', table: shop.table, keys: [`${shop.prefix}product:{id}`], action: 'delete' },
      {
        name: 'row',
        table: shop.table,
        keys: [`${shop.prefix}row:{id}`],
        action: { refresh: { row: ['id', 'stock'], ttl: '10m' } },
      },
    ],
  });
  await shop.insertProducts(ROWS);
  return { shop, app, cluster };
}

const ids = Array.from({ length: ROWS }, (_, index) => index + 1);

describe('sluice run on a Redis Cluster', () => {
  it('deletes and refreshes keys of all nodes, also while slots move, and flushes them all', async () => {
    const { shop, app, cluster } = await clusterShop(0);
    await shop.ready('run');
    const product = (id: number): string => `${shop.prefix}product:${id}`;
    await Promise.all(ids.map((id) => app.set(product(id), 'stale')));
    const [from, to] = cluster.nodes;
    if (from === undefined || to === undefined) throw new Error('no nodes');
    const moving = (async () => {
      for (let slot = 0; slot < 200; slot++) await cluster.moveSlot(slot, from, to);
    })();
    for (let stock = 1; stock <= 5; stock++) await shop.mysql.query(`UPDATE ${shop.table} SET stock = ${stock}`);
    await moving;
    await vi.waitFor(async () => {
      const left = await Promise.all(ids.map((id) => app.exists(product(id))));
      expect(left.filter((each) => each === 1)).toEqual([]);
      const rows = await Promise.all(ids.map((id) => app.get(`${shop.prefix}row:${id}`)));
      expect(new Set(rows.map((row) => (JSON.parse(row ?? '{}') as { stock?: number }).stock))).toEqual(new Set([5]));
    }, WITHIN);

    await Promise.all(ids.map((id) => app.set(product(id), 'stale')));
    await shop.mysql.query(`TRUNCATE TABLE ${shop.table}`);
    await vi.waitFor(async () => {
      const left = await Promise.all(ids.map((id) => app.exists(product(id))));
      expect(left.filter((each) => each > 0)).toEqual([]);
    }, WITHIN);
  });

  it('loses nothing when a master dies with what its replica never got', async () => {
    const { shop, app, cluster } = await clusterShop(1);
    const daemon = await shop.ready('run');
    const [master, , , replica] = cluster.nodes;
    if (master === undefined || replica === undefined) throw new Error('no replica');
    const keys = ids.map((id) => `${shop.prefix}product:${id}`);
    await Promise.all(keys.map((key) => app.set(key, 'stale')));
    const marks = (): Promise<unknown> => cluster.command(replica, 'KEYS', 'sluice:mark:*');
    await vi.waitFor(async () => expect(await marks()).toHaveLength(1), WITHIN);
    await replica.kill('SIGSTOP');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1`);
    await vi.waitFor(async () => {
      const there = await Promise.all(keys.map((key) => app.exists(key)));
      expect(there.filter((each) => each === 1)).toEqual([]);
    }, WITHIN);
    await master.kill('SIGKILL');
    await replica.kill('SIGCONT');
    const role = async (): Promise<unknown> => ((await cluster.command(replica, 'ROLE')) as unknown[])[0];
    await vi.waitFor(async () => expect(await role()).toBe('master'), WITHIN);
    const repairs = async (): Promise<string> => (await fetch(`${await daemon.admin()}/metrics`)).text();
    await vi.waitFor(
      async () => expect(await repairs()).toMatch(/sluice_target_repairs_total\{target="main",by="repeated"[^}]*\} 1/),
      WITHIN,
    );
    const there = await Promise.all(keys.map((key) => app.exists(key)));
    expect(there.filter((each) => each === 1)).toEqual([]);
  });
});
