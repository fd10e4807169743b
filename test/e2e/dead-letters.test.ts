import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { Shop } from '../support/shop-fixture.ts';
import { Topic } from '../support/topic.ts';

const WAIT = { timeout: 60_000, interval: 200 };

/** Rows with more tags than the rule allows become dead letters. */
async function openShop(mode: 'in-process' | 'kafka', limits: object = {}): Promise<Shop> {
  const shop = await Shop.open({ kafka: mode === 'kafka', config: { dead_letters: limits } });
  await shop.mysql.query(`CREATE TABLE ${shop.database}.articles (id INT PRIMARY KEY, tags JSON NOT NULL)`);
  writeRule(shop, 2);
  return shop;
}

function writeRule(shop: Shop, maxKeys: number): void {
  const rule = { table: `${shop.database}.articles`, keys: [`${shop.prefix}tag:{tags[*]}`], action: 'delete' };
  shop.write('rules.yaml', { rules: [{ name: 'tags', ...rule, max_keys: maxKeys }] });
}

const insert = (shop: Shop, id: number, ...tags: string[]): Promise<unknown> =>
  shop.mysql.query(`INSERT INTO ${shop.database}.articles VALUES (?, ?)`, [id, JSON.stringify(tags)]);

/** Runs `sluice dead-letters …` to its end. */
async function letters(
  shop: Shop,
  command: string,
  ...args: string[]
): Promise<{ code: number | null; stdout: string }> {
  const sluice = new SluiceProcess({ args: ['dead-letters', command, '--config', shop.configPath, ...args] });
  onTestFinished(async () => void (await sluice.stop('SIGKILL')));
  const { code } = await sluice.exited;
  return { code, stdout: sluice.stdout + sluice.stderr };
}

describe.each(['in-process', 'kafka'] as const)('dead letters, %s', (mode) => {
  const commands = mode === 'kafka' ? ['capture', 'apply'] : ['run'];

  it('are listed, replayed with mended rules while the daemon runs, and taken away', async () => {
    const shop = await openShop(mode);
    for (const command of commands) await shop.ready(command);
    await shop.redis.set(`${shop.prefix}tag:b`, 'stale');
    await insert(shop, 1, 'a', 'b', 'c');
    await insert(shop, 2, 'a', 'b', 'c');
    await vi.waitFor(async () => {
      const { stdout } = await letters(shop, 'list', '--rule', 'tags');
      expect(stdout).toContain('2 dead letters');
      expect(stdout).toContain('RULE_TOO_MANY_KEYS');
    }, WAIT);
    expect(await shop.redis.get(`${shop.prefix}tag:b`)).toBe('stale');

    const refused = await letters(shop, 'replay');
    expect(refused.stdout).toContain('0 replayed, 2 could not be replayed');
    expect(refused.code).toBe(1);
    writeRule(shop, 10);
    expect((await letters(shop, 'replay', '--dry-run')).stdout).toContain(`delete ${shop.prefix}tag:b`);
    expect(await shop.redis.get(`${shop.prefix}tag:b`)).toBe('stale');

    const replayed = await letters(shop, 'replay', '--limit', '1', '--purge');
    expect(replayed).toMatchObject({ code: 0 });
    expect(replayed.stdout).toContain('1 replayed, 0 could not be replayed');
    await vi.waitFor(async () => expect(await shop.redis.get(`${shop.prefix}tag:b`)).toBeNull(), WAIT);
    expect((await letters(shop, 'list')).stdout).toContain('1 dead letter in');

    expect((await letters(shop, 'purge', '--all', '--yes')).stdout).toContain('1 dead letter taken away');
    expect((await letters(shop, 'list')).stdout).toContain('no such dead letters');
    writeRule(shop, 1);
    await vi.waitFor(async () => {
      await shop.mysql.query(`UPDATE ${shop.database}.articles SET tags = '["x","y"]' WHERE id = 1`);
      await shop.mysql.query(`UPDATE ${shop.database}.articles SET tags = '["x","z"]' WHERE id = 1`);
      expect((await letters(shop, 'list')).stdout).toContain('RULE_TOO_MANY_KEYS');
    }, WAIT);
  });

  it('that are too many stop the line with nothing of their batch kept, also after a restart', async () => {
    const shop = await openShop(mode, { max_streak: 30 });
    const daemon = await shop.ready(commands[0] ?? '');
    for (const command of commands.slice(1)) await shop.ready(command);
    await insert(shop, 1, 'a');
    // In one batch with what follows it would end the streak.
    await vi.waitFor(async () => expect(await daemon.metric('sluice_row_changes_total')).toBeGreaterThan(0), WAIT);
    const rows = Array.from({ length: 100 }, (_, index) => [10 + index, '["a","b","c"]']);
    await shop.mysql.query(`INSERT INTO ${shop.database}.articles VALUES ?`, [rows]);
    expect(await daemon.exited).toMatchObject({ code: 1 });
    expect(daemon.stderr).toContain('DEAD_LETTERS_LIMIT');
    expect(daemon.stderr).toMatch(/100 × RULE_TOO_MANY_KEYS/);
    const again = shop.start(commands[0] ?? '');
    expect(await again.exited).toMatchObject({ code: 1 });
    expect((await letters(shop, 'list')).stdout).toContain('no such dead letters');
    writeRule(shop, 10);
    await shop.redis.set(`${shop.prefix}tag:b`, 'stale');
    await shop.ready(commands[0] ?? '');
    await vi.waitFor(async () => expect(await shop.redis.get(`${shop.prefix}tag:b`)).toBeNull(), WAIT);
  });
});

describe('a record that could not be read', () => {
  it('stays a letter when it still cannot be, and is applied when it can', async () => {
    const shop = await Shop.open({ kafka: true });
    const topic = new Topic({ brokers: shop.addresses.kafka.brokers, name: shop.topic });
    await shop.insertProducts(3);
    await shop.ready('capture');
    const worker = await shop.ready('apply');
    await vi.waitFor(async () => {
      await shop.mysql.query(`UPDATE ${shop.table} SET stock = stock + 1 WHERE id = 1`);
      expect(await worker.metric('sluice_invalidations_total')).toBeGreaterThan(0);
    }, WAIT);
    const [record = ''] = await topic.kcat('%s');
    // Nothing is wrong with it but the key it stands under.
    await topic.produce([
      { key: 'elsewhere', value: record, partition: 0 },
      { key: 'poison', value: '{"half', partition: 0 },
    ]);
    await vi.waitFor(async () => expect((await letters(shop, 'list')).stdout).toContain('2 dead letters'), WAIT);
    const key = (JSON.parse(record) as { key: string }).key;
    await shop.redis.set(key, 'stale');
    const { code, stdout } = await letters(shop, 'replay', '--purge');
    expect(code).toBe(1);
    expect(stdout).toContain('1 replayed, 1 could not be replayed');
    expect(stdout).toContain('it still cannot be read');
    await vi.waitFor(async () => expect(await shop.redis.get(key)).toBeNull(), WAIT);
    expect((await letters(shop, 'list')).stdout).toContain('1 dead letter in');
  });
});
