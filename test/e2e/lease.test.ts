import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../deploy/local/services.ts';
import { isStreaming, standingBy, streaming } from '../support/lease-pair.ts';
import { Shop, type ShopOptions } from '../support/shop-fixture.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { Topic } from '../support/topic.ts';

const WITHIN = { timeout: 60_000, interval: 20 };

/** `run` keeps its checkpoint where both reach it; `capture` does anyway. */
async function openShop(command: 'run' | 'capture', options: ShopOptions = {}): Promise<Shop> {
  const shop = await Shop.open({ ...options, kafka: command === 'capture' });
  const checkpoint = command === 'capture' ? { store: 'kafka' } : { store: 'redis', url: shop.addresses.redis.url };
  const key = command === 'capture' ? {} : { key: `${shop.prefix}checkpoint` };
  shop.write('sluice.yaml', {
    ...shop.defaultConfig({ kafka: command === 'capture' }),
    ...options.config,
    checkpoint: { ...checkpoint, ...key, interval: '100ms' },
  });
  return shop;
}

describe.each(['run', 'capture'] as const)('two of sluice %s with one name on one host', (command) => {
  it('one works and the other is ready; it takes over at once after SIGTERM and after SIGKILL', async () => {
    const shop = await openShop(command);
    await shop.insertProducts(10);
    const first = shop.start(command);
    await streaming(first);
    const second = shop.start(command);
    await standingBy(second);
    expect(await isStreaming(first)).toBe(true);
    expect(second.stderr).toMatch(
      /"holder":\d+,"host":"[^"]+:\d+","msg":"another process holds the lease; standing by"/,
    );

    await first.stop('SIGTERM');
    const afterStop = await streaming(second);
    const third = shop.start(command);
    await standingBy(third);
    await second.stop('SIGKILL');
    const afterKill = await streaming(third);
    console.info(
      `${command}: the standby streams ${afterStop} ms after an ordered stop, ${afterKill} ms after SIGKILL`,
    );
    expect(afterStop).toBeLessThan(5_000);
    expect(afterKill).toBeLessThan(5_000);
    for (const daemon of [first, second, third]) {
      expect(daemon.stderr).not.toContain('another process reads with the same name');
    }
  });
});

/** Token and last version of the checkpoint, as they stand in Redis. */
async function savedIn(shop: Shop): Promise<{ token: number; lastVersion: number }> {
  const text = (await shop.redis.get(`${shop.prefix}checkpoint:main`)) ?? '0\n{"lastVersion":0}';
  const end = text.indexOf('\n');
  const { lastVersion } = JSON.parse(text.slice(end)) as { lastVersion: number };
  return { token: Number(text.slice(0, end)), lastVersion };
}

describe('sluice run stopped by SIGSTOP', () => {
  it('is replaced within ten seconds; woken up, it changes nothing and ends with exit code 4', async () => {
    const shop = await openShop('run');
    const card = (id: number): string => `${shop.prefix}card:${id}`;
    shop.write('rules.yaml', {
      rules: [
        {
          name: 'card',
          table: shop.table,
          keys: [`${shop.prefix}card:{id}`],
          action: { refresh: { row: ['id', 'stock'], store: 'hash', ttl: '10m' } },
        },
      ],
    });
    const target = new URL(shop.addresses.redis.url);
    const proxy = await TcpProxy.open({ host: target.hostname, port: Number(target.port) });
    const config = JSON.parse(shop.read('sluice.yaml')) as Record<string, unknown>;
    const through = `redis://${proxy.host}:${proxy.port}${target.pathname}`;
    shop.write('proxied.yaml', { ...config, targets: [{ name: 'main', url: through, command_timeout: '30s' }] });
    await shop.insertProducts(20);

    const zombie = shop.start('run', '--config', shop.path('proxied.yaml'));
    await streaming(zombie);
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 1 WHERE id = 1`);
    await vi.waitFor(async () => expect(await shop.redis.hget(card(1), 'stock')).toBe('1'), WITHIN);
    const standby = shop.start('run');
    await standingBy(standby);

    // From here on its refreshes wait in its hands: one on the way, the others behind it.
    proxy.stall();
    for (let id = 1; id <= 20; id++) await shop.mysql.query(`UPDATE ${shop.table} SET stock = 2 WHERE id = ${id}`);
    await vi.waitFor(async () => expect(await zombie.metric('sluice_row_changes_total')).toBeGreaterThan(20), WITHIN);
    expect(await zombie.metric('sluice_in_flight_batches')).toBeGreaterThan(0);
    process.kill(zombie.pid, 'SIGSTOP');
    const stoppedAt = performance.now();
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 3`);
    await vi.waitFor(async () => expect(await shop.redis.hget(card(20), 'stock')).toBe('3'), WITHIN);
    const tookMs = Math.round(performance.now() - stoppedAt);
    console.info(`the standby applied ${tookMs} ms after SIGSTOP of the active one`);
    expect(tookMs).toBeLessThan(10_000);
    expect(await isStreaming(standby)).toBe(true);

    // Nothing is left that could tell an older value from a newer one.
    await shop.mysql.query(`TRUNCATE TABLE ${shop.table}`);
    await vi.waitFor(async () => expect(await shop.keys('card:*')).toEqual([]), WITHIN);
    const versions = Array.from({ length: 20 }, (_, index) => `sluice:v:{${card(index + 1)}}`);
    await shop.redis.unlink(...versions);
    await vi.waitFor(async () => expect(await standby.metric('sluice_in_flight_batches')).toBe(0), WITHIN);
    const before = await savedIn(shop);

    proxy.heal();
    process.kill(zombie.pid, 'SIGCONT');
    expect(await zombie.exited).toEqual({ code: 4, signal: null });
    expect(zombie.stderr).toContain('"code":"LEASE_LOST"');
    expect(await shop.keys('card:*')).toEqual([]);
    const after = await savedIn(shop);
    expect(after.token).toBe(before.token);
    expect(after.lastVersion).toBeGreaterThanOrEqual(before.lastVersion);

    // The one that works has noticed nothing of it.
    expect(await isStreaming(standby)).toBe(true);
    expect(await standby.metric('sluice_source_reconnects_total')).toBe(0);
    expect(standby.stderr).not.toContain('another process reads with the same name');
    await shop.insertProducts(1);
    await vi.waitFor(async () => expect(await shop.redis.hget(card(1), 'stock')).toBe('0'), WITHIN);
  });
});

describe('sluice capture stopped by SIGSTOP', () => {
  it('is replaced within ten seconds; woken up, it publishes nothing and ends with exit code 4', async () => {
    const shop = await openShop('capture');
    const topic = new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic });
    const records = async (): Promise<string[]> => topic.kcat('%p/%o %s');
    await shop.insertProducts(2_000);
    const zombie = shop.start('capture');
    await streaming(zombie);
    const standby = shop.start('capture');
    await standingBy(standby);

    let writing = true;
    onTestFinished(() => void (writing = false));
    const load = (async () => {
      for (let id = 0; writing; id = (id + 1) % 2_000) {
        await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id = ${id + 1}`);
      }
    })();
    // What stopped the writer is told instead of a number.
    load.catch(() => undefined);
    // Not by reading the topic: while it grows, kcat never comes to its end.
    const enough = vi.waitFor(
      async () => expect(await zombie.metric('sluice_transactions_total')).toBeGreaterThan(200),
      WITHIN,
    );
    await Promise.race([enough, load]);
    process.kill(zombie.pid, 'SIGSTOP');
    const tookMs = await streaming(standby);
    console.info(`the standby streams ${tookMs} ms after SIGSTOP of the active one`);
    expect(tookMs).toBeLessThan(10_000);
    writing = false;
    await load;
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = -1 WHERE id = 2000`);
    await vi.waitFor(async () => expect(await standby.metric('sluice_in_flight_batches')).toBe(0), WITHIN);
    const before = (await records()).length;

    process.kill(zombie.pid, 'SIGCONT');
    expect(await zombie.exited).toEqual({ code: 4, signal: null });
    expect((await records()).slice(before).length).toBe(0);
    expect(await isStreaming(standby)).toBe(true);
    expect(await standby.metric('sluice_source_reconnects_total')).toBe(0);
    expect(standby.stderr).not.toContain('another process reads with the same name');
  });
});

describe('a restart of the source under two of sluice run', () => {
  it('leaves exactly one active, and ends nobody', async () => {
    const server = await startMysql();
    onTestFinished(() => server.remove());
    const shop = await openShop('run', { mysqlUrl: server.url });
    await shop.insertProducts(5);
    const first = shop.start('run');
    await streaming(first);
    const second = shop.start('run');
    await standingBy(second);
    for (let round = 0; round < 2; round++) {
      if (round === 1) await server.kill('SIGKILL');
      await server.restart();
      await streaming(first);
      await standingBy(second);
    }
    await shop.redis.set(`${shop.prefix}product:1`, 'cached');
    await vi.waitFor(async () => {
      await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id = 1`);
      expect(await shop.redis.exists(`${shop.prefix}product:1`)).toBe(0);
    }, WITHIN);
  });
});
