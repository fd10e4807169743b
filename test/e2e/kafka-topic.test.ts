/** What others do to the topic: no key stays stale, and nobody has to come. */
import { describe, expect, it, vi } from 'vitest';
import { Shop } from '../support/shop-fixture.ts';
import { Topic } from '../support/topic.ts';

const ROWS = 40;
const WITHIN = { timeout: 60_000, interval: 100 };
const FLUSHED = { reason: 'offsets_missing', policy: 'flush' };

async function open(onGap = 'flush'): Promise<{ shop: Shop; topic: Topic }> {
  const shop = await Shop.open({ kafka: true });
  shop.write('sluice.yaml', {
    ...shop.defaultConfig({ kafka: true }),
    source: { url: shop.mysqlUrl, on_gap: onGap, heartbeat: '500ms' },
  });
  await shop.insertProducts(ROWS);
  return { shop, topic: new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic }) };
}

const fill = async (shop: Shop): Promise<void> => {
  for (let id = 1; id <= ROWS; id++) await shop.fillLocked(id);
};

const change = (shop: Shop) => shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1`);

const fresh = (shop: Shop) => vi.waitFor(async () => expect(await shop.staleProducts()).toEqual([]), WITHIN);

/** The workers have read all there was, and have said so. */
async function idle(shop: Shop, topic: Topic): Promise<void> {
  await vi.waitFor(async () => expect(await topic.lag(`${shop.topic}.group.main`)).toBe(0), WITHIN);
  const trace = `sluice:started:group:${shop.topic}.group.main`;
  await vi.waitFor(async () => expect(await shop.redis.exists(trace)).toBe(1), WITHIN);
}

async function createAnew(topic: Topic): Promise<void> {
  await topic.remove();
  await vi.waitFor(async () => expect(await topic.exists()).toBe(false), WITHIN);
  await topic.create({ partitions: 12, retentionMs: -1 });
}

describe('the topic is created anew', () => {
  it('while the worker is down: it flushes once, and capture goes on by itself', async () => {
    const { shop, topic } = await open();
    const capture = await shop.ready('capture');
    const first = await shop.ready('apply');
    await idle(shop, topic);
    expect(await first.metric('sluice_gaps_total', FLUSHED)).toBe(0);
    await first.stop('SIGTERM');

    await fill(shop);
    await change(shop);
    await vi.waitFor(async () => expect(await topic.kcat('%k')).toHaveLength(ROWS), WITHIN);
    await createAnew(topic);
    const second = await shop.ready('apply');
    expect(await shop.keys('product:*')).toEqual([]);
    expect(await second.metric('sluice_gaps_total', FLUSHED)).toBe(1);

    await fill(shop);
    await change(shop);
    await fresh(shop);
    expect(await capture.metric('sluice_in_flight_batches')).toBe(0);
    await idle(shop, topic);
    await second.stop('SIGTERM');
    const third = await shop.ready('apply');
    expect(await third.metric('sluice_gaps_total', FLUSHED)).toBe(0);
  });

  it('under a policy of halt: the worker ends with exit code 3, at each start, until it may flush', async () => {
    const { shop, topic } = await open('halt');
    await shop.ready('capture');
    const first = await shop.ready('apply');
    await idle(shop, topic);
    await first.stop('SIGTERM');
    await fill(shop);
    await createAnew(topic);
    for (let start = 0; start < 2; start++) {
      const halted = shop.start('apply');
      expect((await halted.exited).code).toBe(3);
      expect(halted.stderr).toContain('RECORDS_LOST');
    }
    expect(await shop.keys('product:*')).toHaveLength(ROWS);
  });
});

describe('partitions are added to the topic', () => {
  it('a running capture goes on, a start is refused and says how to mend it, and after that nothing is stale', async () => {
    const { shop, topic } = await open();
    const capture = await shop.ready('capture');
    const worker = await shop.ready('apply');
    await idle(shop, topic);
    await topic.grow({ partitions: 13 });
    await fill(shop);
    await change(shop);
    await vi.waitFor(async () => expect(await topic.kcat('%k')).toHaveLength(ROWS), WITHIN);
    await fresh(shop);

    for (const command of ['capture', 'apply']) {
      const refused = shop.start(command);
      expect((await refused.exited).code).toBe(2);
      expect(refused.stderr).toContain('has 13 partitions, not 12');
      expect(refused.stderr).toContain(
        'Set `transport.partitions: 13` for capture and workers, and restart all of them',
      );
    }

    await fill(shop);
    const config = shop.defaultConfig({ kafka: true });
    shop.write('sluice.yaml', { ...config, transport: { ...(config['transport'] as object), partitions: 13 } });
    await Promise.all([capture.stop('SIGTERM'), worker.stop('SIGTERM')]);
    await change(shop);
    await Promise.all([shop.ready('capture'), shop.ready('apply')]);
    await fresh(shop);
    await idle(shop, topic);
  });
});
