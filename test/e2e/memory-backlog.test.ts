import { describe, expect, it, vi } from 'vitest';
import { isFullSize, reportPeaks, startMode } from '../support/peak-memory.ts';
import { Shop } from '../support/shop-fixture.ts';

/** Single-row transactions that are there before the daemon starts; the second backlog is five times as long. */
const BACKLOGS = isFullSize ? [720_000, 3_600_000] : [40_000, 200_000];
const ROWS = 1_000;
const WRITERS = 4;

/** Written by the server itself: a client would take minutes. Every transaction has a commit of its own in the binary log. */
async function writeBacklog(shop: Shop, transactions: number): Promise<void> {
  await shop.mysql
    .query(`CREATE PROCEDURE ${shop.database}.singly(IN amount INT, IN part INT) BEGIN DECLARE i INT DEFAULT 0;
    WHILE i < amount DO
      UPDATE ${shop.table} SET stock = stock + 1 WHERE id = 1 + (i * ${WRITERS} + part) % ${ROWS};
      SET i = i + 1;
    END WHILE; END`);
  const write = (part: number): Promise<unknown> =>
    shop.mysql.query(`CALL ${shop.database}.singly(${transactions / WRITERS}, ${part})`);
  await Promise.all(Array.from({ length: WRITERS }, (_, part) => write(part)));
}

async function peakOf(mode: 'in-process' | 'kafka', transactions: number): Promise<number> {
  const shop = await Shop.open({ kafka: mode === 'kafka' });
  const rule = { table: shop.table, keys: [`${shop.prefix}product:{id}`], action: 'delete' };
  shop.write('rules.yaml', { rules: [{ name: 'product', ...rule }] });
  await shop.insertProducts(ROWS);
  // So that there is a checkpoint before the backlog: that is what makes it one.
  for (const daemon of await startMode(shop, mode)) await daemon.stop('SIGTERM');
  await writeBacklog(shop, transactions);
  const daemons = await startMode(shop, mode);
  const began = performance.now();
  await vi.waitFor(
    async () => expect(await daemons.at(-1)?.metric('sluice_invalidations_total')).toBeGreaterThanOrEqual(transactions),
    { timeout: 1_800_000, interval: 100 },
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const peak = reportPeaks(`a backlog of ${transactions} transactions, ${mode}, applied in ${seconds} s`, daemons);
  await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
  return peak;
}

describe('a backlog', () => {
  it.each(isFullSize ? (['in-process', 'kafka'] as const) : (['in-process'] as const))(
    'takes no more memory when it is five times as long, %s',
    async (mode) => {
      const [short = 0, long = 0] = BACKLOGS;
      const small = await peakOf(mode, short);
      const large = await peakOf(mode, long);
      expect(large).toBeLessThan(400);
      expect(large / small).toBeLessThan(1.35);
    },
    isFullSize ? 7_200_000 : 240_000,
  );
});
