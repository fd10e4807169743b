import { describe, expect, it, vi } from 'vitest';
import { Shop } from '../support/shop-fixture.ts';

const ROWS = 2_000;
const UPDATES = 50_000;
const KILLS = 10;

describe('sluice run under SIGKILL', () => {
  it('leaves no stale key after ten kills during 50,000 single-row updates', async () => {
    const shop = await Shop.open();
    await shop.insertProducts(ROWS);
    let daemon = await shop.ready('run');

    let written = 0;
    const write = async (): Promise<void> => {
      while (written < UPDATES) {
        const id = 1 + (written++ % ROWS);
        await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id = ${id}`);
      }
    };
    let filled = 0;
    const fill = async (): Promise<void> => {
      while (written < UPDATES) {
        await shop.fillLocked(1 + Math.floor(Math.random() * ROWS));
        filled++;
      }
    };
    const load = Promise.all([write(), write(), fill(), fill()]);

    for (let kill = 1; kill <= KILLS; kill++) {
      await vi.waitFor(() => expect(written).toBeGreaterThan((UPDATES / (KILLS + 1)) * kill), {
        timeout: 120_000,
        interval: 5,
      });
      const { signal } = await daemon.stop('SIGKILL');
      expect(signal).toBe('SIGKILL');
      daemon = await shop.ready('run');
    }
    await load;
    expect(filled).toBeGreaterThan(1_000);

    // The last change of all: when it is applied and nothing is in flight, everything before it is applied.
    await shop.redis.set(`${shop.prefix}product:1`, 'the end');
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id = 1`);
    await vi.waitFor(async () => expect(await shop.redis.exists(`${shop.prefix}product:1`)).toBe(0), {
      timeout: 60_000,
    });
    await vi.waitFor(async () => expect(await daemon.metric('sluice_in_flight_batches')).toBe(0), { timeout: 60_000 });
    expect(await shop.staleProducts()).toEqual([]);
  });
});
