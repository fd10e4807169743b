import { describe, expect, it, vi } from 'vitest';
import { Shop } from '../support/shop-fixture.ts';
import { Topic } from '../support/topic.ts';

const ROWS = 1_000;
const UPDATES = 100_000;

interface TopicRecord {
  readonly key: string;
  readonly version: number;
}

describe('capture and apply through Kafka', () => {
  it('keeps every key in order and none stale while a worker is killed and another added', async () => {
    const shop = await Shop.open({ kafka: true });
    const topic = new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic });
    await shop.insertProducts(ROWS);
    await shop.ready('capture');
    const workers = await Promise.all([shop.ready('apply'), shop.ready('apply'), shop.ready('apply')]);

    let written = 0;
    const write = async (): Promise<void> => {
      while (written < UPDATES) {
        const id = 1 + (written++ % ROWS);
        await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id = ${id}`);
      }
    };
    let filled = 0;
    const fill = async (): Promise<void> => {
      for (; written < UPDATES; filled++) await shop.fillLocked(1 + Math.floor(Math.random() * ROWS));
    };
    const load = Promise.all([write(), write(), write(), fill()]);
    await vi.waitFor(() => expect(written).toBeGreaterThan(UPDATES * 0.3), { timeout: 120_000 });
    await workers[0]?.stop('SIGKILL');
    await vi.waitFor(() => expect(written).toBeGreaterThan(UPDATES * 0.6), { timeout: 120_000 });
    await shop.ready('apply');
    await load;
    expect(filled).toBeGreaterThan(500);

    const records = async (): Promise<TopicRecord[]> =>
      (await topic.kcat('%s')).map((line) => JSON.parse(line) as TopicRecord);
    await vi.waitFor(async () => expect((await records()).length).toBeGreaterThanOrEqual(UPDATES), {
      timeout: 120_000,
      interval: 1_000,
    });
    await vi.waitFor(async () => expect(await topic.lag(`${shop.topic}.group.main`)).toBe(0), {
      timeout: 120_000,
      interval: 500,
    });
    expect(await shop.staleProducts()).toEqual([]);

    const newest = new Map<string, number>();
    for (const { key, version } of await records()) {
      expect(version, key).toBeGreaterThanOrEqual(newest.get(key) ?? 0);
      newest.set(key, version);
    }
    expect(newest.size).toBe(ROWS);
  });

  it('writes records that kcat prints as documented, and tail tells which row and transaction did it', async () => {
    const shop = await Shop.open({ kafka: true });
    const topic = new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic });
    await shop.insertProducts(20);
    await shop.ready('capture');
    const tail = shop.start('tail', '--key', `${shop.prefix}product:1*`);
    const json = shop.start('tail', '--json', '--since', '1h', '--rule', 'product');
    await vi.waitFor(
      async () => {
        await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id IN (2, 17)`);
        expect(tail.stdout).toContain('product:17');
      },
      { timeout: 30_000, interval: 500 },
    );

    const [line = ''] = await topic.kcat('%k %s');
    const [recordKey, record] = [
      line.slice(0, line.indexOf(' ')),
      JSON.parse(line.slice(line.indexOf(' '))) as Record<string, unknown>,
    ];
    expect(recordKey).toBe(record['key']);
    expect(Object.keys(record)).toEqual([
      'v',
      'key',
      'action',
      'version',
      'rule',
      'rules',
      'database',
      'table',
      'op',
      'primary_key',
      'gtid',
      'binlog',
      'commit_time',
      'capture_time',
    ]);
    expect(record).toMatchObject({
      v: 1,
      action: 'delete',
      rule: 'product',
      database: shop.database,
      table: 'products',
      op: 'update',
    });
    expect(tail.stdout).not.toContain('product:2 ');
    expect(tail.stdout).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}delete {3}\S+:product:17 {2}rule product {2}update shop_\S+\.products id=17 {2}transaction [0-9a-f-]{36}:\d+$/m,
    );
    await vi.waitFor(() => expect(json.stdout).toContain('product:2"'), { timeout: 30_000 });
    expect((await tail.stop('SIGINT')).signal).toBe('SIGINT');
  });

  it('keeps a record that cannot be read as a dead letter with its reason, and goes on', async () => {
    const shop = await Shop.open({ kafka: true });
    const topic = new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic });
    const letters = new Topic({ brokers: shop.addresses.kafka.brokers, name: `${shop.topic}.dead-letters` });
    await shop.insertProducts(3);
    await shop.ready('capture');
    await shop.ready('apply');
    await topic.produce([{ key: 'poison', value: '{"v":1,"key":', partition: 0 }]);
    await vi.waitFor(async () => expect((await letters.kcat('%s')).join('\n')).toContain('not JSON'), {
      timeout: 30_000,
      interval: 300,
    });
    for (const id of [1, 2, 3]) await shop.fillLocked(id);
    await shop.mysql.query(`UPDATE ${shop.table} SET stock = 5`);
    await vi.waitFor(async () => expect(await shop.keys('product:*')).toEqual([]), { timeout: 30_000 });
  });

  it('refuses a topic with fewer partitions than configured, with exit code 2', async () => {
    const shop = await Shop.open({ kafka: true });
    await new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic }).create({ partitions: 3 });
    const capture = shop.start('capture');
    expect(await capture.exited).toEqual({ code: 2, signal: null });
    expect(capture.stderr).toMatch(/sluice\.yaml:\d+:\d+: .*3 partitions/);
  });
});
