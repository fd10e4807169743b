import { describe, expect, it, vi } from 'vitest';
import { isFullSize, reportPeaks, startMode } from '../support/peak-memory.ts';
import { Shop } from '../support/shop-fixture.ts';

const ROWS = isFullSize ? 2_000_000 : 200_000;

describe(`a transaction of ${ROWS} rows`, () => {
  it.each(['in-process', 'kafka'] as const)(
    'is applied row by row within a small heap, %s',
    async (mode) => {
      const shop = await Shop.open({ kafka: mode === 'kafka' });
      const rule = { table: shop.table, keys: [`${shop.prefix}product:{id}`], action: 'delete' };
      shop.write('rules.yaml', { rules: [{ name: 'product', ...rule, flush_above_rows: 'never' }] });
      await shop.insertProducts(ROWS);
      const daemons = await startMode(shop, mode);
      const began = performance.now();
      await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1`);
      const committed = performance.now();
      const worker = daemons.at(-1);
      await vi.waitFor(
        async () => expect(await worker?.metric('sluice_invalidations_total')).toBeGreaterThanOrEqual(ROWS),
        {
          timeout: 600_000,
          interval: 200,
        },
      );
      const seconds = (ms: number): string => (ms / 1000).toFixed(1);
      const took = `update ${seconds(committed - began)} s, applied ${seconds(performance.now() - committed)} s later`;
      expect(reportPeaks(`${ROWS} rows, ${mode} (${took})`, daemons)).toBeLessThan(400);
    },
    isFullSize ? 900_000 : 240_000,
  );
});
