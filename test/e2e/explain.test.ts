import { describe, expect, it, vi } from 'vitest';
import type { RowDataPacket } from 'mysql2/promise';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';
import { partitionFor } from '../../src/transport/murmur2.ts';
import { Shop } from '../support/shop-fixture.ts';

/** Of the in-process queue, unless configured. */
const PARTITIONS = 8;

/** A rule for everything the language can do with a change. */
const rulesOf = ({ database, prefix, table }: Shop) => [
  { name: 'product', table, keys: [`${prefix}product:{id}`], action: 'delete' },
  {
    name: 'lists',
    table,
    columns: ['category_id'],
    keys: [`${prefix}list:{category_id}`],
    partition_key: '{id}',
    action: 'delete',
  },
  {
    name: 'sold-out',
    table,
    when: 'after.stock == 0 && before.stock != 0',
    keys: [`${prefix}sold-out`],
    action: 'delete',
  },
  { name: 'card', table, keys: [`${prefix}card:{id}`], action: { refresh: { row: ['id', 'name'] } } },
  {
    name: 'page',
    table,
    on: { insert: { refresh: { query: 'SELECT name FROM products WHERE id = :id' } }, delete: 'delete' },
    keys: [`${prefix}page:{id}`],
  },
  { name: 'tags', table: `${database}.articles`, keys: [`${prefix}tag:{tags[*] | lower}`], action: 'delete' },
  {
    name: 'line',
    table: `${database}.order_lines`,
    lookup: { query: 'SELECT customer_id FROM orders WHERE id = :order_id', tables: [`${database}.orders`] },
    keys: [`${prefix}customer:{lookup.customer_id}`],
    action: 'delete',
  },
  {
    name: 'epoch',
    table: `${database}.articles`,
    keys: [`${prefix}articles:{@epoch}`],
    action: 'delete',
    table_changes: 'epoch',
  },
  { name: 'bulk', table: `${database}.bulk`, keys: [`${prefix}bulk:{id}`], action: 'delete', flush_above_rows: 3 },
  { name: 'note', table: `${database}.orders`, columns: ['note'], keys: [`${prefix}note:{id}`], action: 'delete' },
];

async function open(): Promise<Shop> {
  const shop = await Shop.open();
  const { database, mysql } = shop;
  await mysql.query(`CREATE TABLE ${database}.articles (id INT PRIMARY KEY, tags JSON)`);
  await mysql.query(`CREATE TABLE ${database}.orders (id INT PRIMARY KEY, customer_id INT, note VARCHAR(20))`);
  await mysql.query(`CREATE TABLE ${database}.order_lines (id INT PRIMARY KEY, order_id INT)`);
  await mysql.query(`CREATE TABLE ${database}.bulk (id INT PRIMARY KEY)`);
  await mysql.query(`INSERT INTO ${database}.orders VALUES (1, 70, 'a'), (2, 80, 'b')`);
  shop.write('rules.yaml', { rules: rulesOf(shop) });
  shop.write('sluice.yaml', { ...shop.defaultConfig({}), audit: { path: 'audit.jsonl' } });
  return shop;
}

async function coordinates(shop: Shop): Promise<string> {
  const [rows] = await shop.mysql.query<RowDataPacket[]>('SHOW BINARY LOG STATUS');
  return `${String(rows[0]?.['File'])}:${String(rows[0]?.['Position'])}`;
}

/** Single rows, several in a transaction, one too large, and changes of tables. */
async function work({ mysql, database, table }: Shop): Promise<void> {
  await mysql.query(`INSERT INTO ${table} VALUES (1, 5, 'lamp', 3), (2, 5, 'chair', 0), (3, 6, 'desk', 1)`);
  await mysql.query(`UPDATE ${table} SET category_id = 7 WHERE id = 1`);
  await mysql.query(`UPDATE ${table} SET stock = 0 WHERE id <> 2`);
  await mysql.query(`UPDATE ${table} SET name = 'Lamp' WHERE id = 1`);
  await mysql.query(`UPDATE ${table} SET id = 4 WHERE id = 3`);
  await mysql.query(`INSERT INTO ${database}.articles VALUES (1, '["Red", "blue"]'), (2, '[]'), (3, NULL)`);
  await mysql.query(`UPDATE ${database}.articles SET tags = '["red", "green"]' WHERE id = 1`);
  await mysql.query(`INSERT INTO ${database}.order_lines VALUES (1, 1), (2, 2), (3, 1), (4, 99)`);
  await mysql.query(`INSERT INTO ${database}.bulk VALUES (1), (2), (3), (4), (5)`);
  await mysql.query(`TRUNCATE TABLE ${database}.articles`);
  await mysql.query(`INSERT INTO ${database}.articles VALUES (9, '["late"]')`);
  await mysql.query(`ALTER TABLE ${database}.orders DROP COLUMN note`);
  await mysql.query(`INSERT INTO ${database}.orders VALUES (3, 70)`);
  const connection = await mysql.getConnection();
  await connection.beginTransaction();
  for (const id of [1, 2]) await connection.query(`UPDATE ${table} SET stock = stock + 1 WHERE id = ?`, [id]);
  await connection.query(`DELETE FROM ${database}.order_lines WHERE id = 1`);
  await connection.commit();
  connection.release();
  await mysql.query(`DELETE FROM ${table} WHERE id IN (2, 4)`);
}

interface Line {
  readonly key: string;
  readonly action: string;
  readonly rule: string;
  readonly version: number;
  readonly partition_key?: string;
  readonly versioned?: boolean;
  readonly primary_key?: Readonly<Record<string, unknown>> | null;
}

/** All that says what happens to a key, and where. */
const described = ({ key, action, rule, version, partition_key: partitionKey, versioned }: Line): string =>
  JSON.stringify([key, action, rule, version, partitionKey ?? key, versioned === true]);

const SOON = { timeout: 90_000, interval: 100 };

/** The row that says that a daemon has read everything before it. */
const LAST = 424_242;

const everythingAudited = (shop: Shop, name: string): Line[] =>
  shop
    .read(name)
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);

const isLast = ({ primary_key: key }: Line): boolean => key?.['id'] === LAST;

const audited = (shop: Shop, name = 'audit.jsonl'): Line[] =>
  everythingAudited(shop, name).filter((line) => !isLast(line));

/** Until each daemon has read the last row and applied everything before it: a flush looks at every key of a shared Redis. */
async function readToEnd(
  shop: Shop,
  runs: readonly (readonly [daemon: SluiceProcess, audit: string])[],
): Promise<void> {
  await shop.mysql.query(`INSERT INTO ${shop.table} VALUES (${LAST}, 1, 'x', 1)`);
  for (const [daemon, audit] of runs) {
    await vi.waitFor(() => expect(everythingAudited(shop, audit).some(isLast)).toBe(true), SOON);
    await vi.waitFor(async () => expect(await daemon.metric('sluice_in_flight_batches')).toBe(0), SOON);
  }
}

/** Flushes and epochs go ways of their own; everything else in the order of its partition. */
function byPartition(lines: readonly Line[]): Record<string, string[]> {
  const partitions: Record<string, string[]> = {};
  for (const line of lines) {
    const own = line.action === 'flush' || line.action === 'epoch';
    const partition = own ? 'others' : String(partitionFor(line.partition_key ?? line.key, PARTITIONS));
    (partitions[partition] ??= []).push(described(line));
  }
  partitions['others']?.sort();
  return partitions;
}

async function sluice(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = new SluiceProcess({ args });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

interface Explained {
  readonly gtid: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly verdict: string;
    readonly invalidations: readonly Line[];
  }[];
}

const linesOf = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

describe('sluice explain over real history', () => {
  it('says key for key what a run did: action, rule, version, partition, and the order in each partition', async () => {
    const shop = await open();
    const daemon = await shop.ready('run');
    const from = await coordinates(shop);
    await work(shop);
    const to = await coordinates(shop);
    await readToEnd(shop, [[daemon, 'audit.jsonl']]);
    await daemon.stop('SIGTERM');

    const { code, stdout, stderr } = await sluice(
      'explain',
      '--config',
      shop.configPath,
      '--from',
      from,
      '--to',
      to,
      '--json',
    );
    expect(code, stderr).toBe(0);
    const explained = linesOf<Explained>(stdout);
    const invalidations = explained.flatMap(({ rules }) => rules.flatMap((rule) => rule.invalidations));
    const applied = audited(shop);
    expect(byPartition(invalidations)).toEqual(byPartition(applied));
    // Nothing of the work was in vain: every rule did something, and every way not to was there.
    expect(new Set(applied.map(({ rule }) => rule))).toEqual(new Set(rulesOf(shop).map(({ name }) => name)));
    expect(new Set(applied.map(({ action }) => action))).toEqual(new Set(['delete', 'refresh', 'flush', 'epoch']));
    const verdicts = new Set(explained.flatMap(({ rules }) => rules.map(({ verdict }) => verdict)));
    expect([...verdicts].sort()).toEqual([
      'collapsed',
      'columns',
      'condition',
      'dead_letter',
      'matched',
      'no_key',
      'null',
      'operation',
    ]);
    const letters = linesOf<{ rule?: string }>(shop.read('state/dead-letters.jsonl'));
    expect(letters).toHaveLength(
      explained.flatMap(({ rules }) => rules).filter(({ verdict }) => verdict === 'dead_letter').length,
    );

    // One of these transactions, asked for by its GTID: the same again, but for the epoch that was raised before it.
    const gtid = explained.at(-1)?.gtid ?? '';
    const one = await sluice('explain', '--config', shop.configPath, '--gtid', gtid, '--json');
    expect(linesOf<Explained>(one.stdout)).toEqual(explained.filter((each) => each.gtid === gtid));
  });

  it('shows with --against exactly the difference that two runs make', async () => {
    const shop = await open();
    const others = rulesOf(shop)
      .filter(({ name }) => name !== 'sold-out')
      .map((rule) => (rule.name === 'product' ? { ...rule, keys: [`${shop.prefix}p:{id}`] } : rule))
      .map((rule) => (rule.name === 'lists' ? { ...rule, partition_key: undefined } : rule));
    shop.write('other-rules.yaml', { rules: others });
    const config = shop.defaultConfig({});
    shop.write('other.yaml', {
      ...config,
      name: `${String(config['name'])}-other`,
      rules: 'other-rules.yaml',
      audit: { path: 'other.jsonl' },
      checkpoint: { interval: '100ms', path: 'state/other.json' },
      dead_letters: { path: 'state/other-letters.jsonl' },
    });
    const daemon = shop.start('run');
    const other = shop.start('run', '--config', shop.path('other.yaml'));
    await Promise.all([daemon.ready(), other.ready()]);
    const from = await coordinates(shop);
    await work(shop);
    const to = await coordinates(shop);
    await readToEnd(shop, [
      [daemon, 'audit.jsonl'],
      [other, 'other.jsonl'],
    ]);
    await Promise.all([daemon.stop('SIGTERM'), other.stop('SIGTERM')]);

    const before = audited(shop).map(described);
    const after = audited(shop, 'other.jsonl').map(described);
    const { code, stdout, stderr } = await sluice(
      ...[
        'explain',
        '--config',
        shop.configPath,
        '--against',
        shop.path('other-rules.yaml'),
        '--from',
        from,
        '--to',
        to,
        '--json',
      ],
    );
    expect(code, stderr).toBe(0);
    const differences = linesOf<{ added: Line[]; removed: Line[]; changed: { before: Line; after: Line }[] }>(stdout);
    const removed = differences.flatMap((each) => [...each.removed, ...each.changed.map((pair) => pair.before)]);
    const added = differences.flatMap((each) => [...each.added, ...each.changed.map((pair) => pair.after)]);
    expect(removed.map(described).sort()).toEqual(without(before, after).sort());
    expect(added.map(described).sort()).toEqual(without(after, before).sort());
    expect(differences.flatMap((each) => each.changed).length).toBeGreaterThan(0);
    expect(differences.flatMap((each) => each.removed).length).toBeGreaterThan(
      differences.flatMap((each) => each.added).length,
    );
  });
});

describe('sluice test --record', () => {
  it('makes of real history a test file that passes, without a value of a row', async () => {
    const shop = await open();
    const from = await coordinates(shop);
    await work(shop);
    const file = shop.path('recorded.test.yaml');
    const recorded = await sluice('test', '--record', file, '--config', shop.configPath, '--from', from);
    expect(recorded.code, recorded.stderr).toBe(0);
    const text = shop.read('recorded.test.yaml');
    for (const secret of ['lamp', 'Lamp', 'chair', 'green', 'late']) expect(text).not.toContain(secret);
    expect(text).toMatch(/customer:\d\d\b/);

    const tested = await sluice('test', file);
    expect(tested.stdout).toMatch(/\n\d\d passed, 0 failed\n$/);
    expect(tested.code).toBe(0);
    // Rules that mean something else are found out.
    shop.write('rules.yaml', shop.read('rules.yaml').replace('product:{id}', 'p:{id}'));
    const changed = await sluice('test', file);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(/rule product gives delete shop_\S+:p:/);
  });
});

/** The lines of the first list that the second has not, counted. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
