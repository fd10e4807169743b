import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startRedis } from '../../deploy/local/services.ts';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { Shop } from '../support/shop-fixture.ts';

const ROWS = 200_000;

/** Resident memory of a process in MiB, as the kernel counts it. */
const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

describe('memory', () => {
  it('stays bounded while a transaction of 200,000 rows and three rules waits for a dead Redis', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.remove());
    const shop = await Shop.open();
    const rule = (name: string): object => ({
      name,
      table: shop.table,
      keys: [`${shop.prefix}${name}:{id}`],
      action: 'delete',
      // What is to be bounded is what waits; a flush instead of it is another test.
      flush_above_rows: 'never',
    });
    shop.write('rules.yaml', { rules: [rule('a'), rule('b'), rule('c')] });
    shop.write('sluice.yaml', {
      ...shop.defaultConfig({}),
      targets: [{ name: 'main', url: redis.url }],
      transport: { kind: 'in_process', max_in_flight_bytes: '16MiB' },
    });
    await shop.insertProducts(ROWS);
    const daemon = new SluiceProcess({
      args: ['run', '--config', shop.configPath],
      nodeArgs: ['--max-old-space-size=128'],
    });
    onTestFinished(async () => void (await daemon.stop('SIGKILL')));
    await daemon.ready();
    await redis.kill('SIGKILL');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1`);
    await vi.waitFor(
      async () => expect(await daemon.metric('sluice_in_flight_bytes')).toBeGreaterThanOrEqual(16 * 1024 * 1024),
      { timeout: 60_000 },
    );
    expect(residentMiB(daemon.pid)).toBeLessThan(400);

    await redis.restart();
    await vi.waitFor(
      async () => expect(await daemon.metric('sluice_invalidations_total')).toBeGreaterThanOrEqual(3 * ROWS),
      { timeout: 120_000, interval: 100 },
    );
    const peak = residentMiB(daemon.pid);
    process.stderr.write(`resident after ${ROWS} rows: ${peak.toFixed(0)} MiB\n`);
    expect(peak).toBeLessThan(400);
    expect((await daemon.stop('SIGTERM')).signal).toBe('SIGTERM');
  });
});
