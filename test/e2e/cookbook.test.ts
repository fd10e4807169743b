import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ResultSetHeader } from 'mysql2/promise';
import {
  expectedLines,
  readSituation,
  situations,
  type CookbookChange,
  type CookbookFile,
  type CookbookTest,
  type Values,
} from '../support/cookbook.ts';
import { Shop } from '../support/shop-fixture.ts';

/**
 * Every situation of docs/rules.md, with the tests that `sluice test` runs, against real servers: the change is made in MySQL,
 * and the audit trail and Redis must show what the test expects.
 */
const markerOf = (shop: Shop): string => `${shop.database}.sluice_marker`;
const SOON = { timeout: 20_000, interval: 20 };
/** Rows that lookups must find. */
const SETUP: Readonly<Record<string, string>> = {
  '08-join': 'INSERT INTO orders (id, customer_id) VALUES (10, 3), (11, 4)',
};

describe.each(situations())('situation %s against MySQL and Redis', (name) => {
  it('does what its tests say', async () => {
    const shop = await Shop.open();
    const file = readSituation(name, shop.database);
    expect(file.tests.length).toBeGreaterThan(1);
    await createTables(shop, file);
    const run = await start(shop, file);
    for (const test of file.tests.map(withoutEpochs)) {
      await prepare(shop, file, test);
      await run.barrier();
      await fill(shop, test);
      const before = run.lines().length;
      await commit(shop, test.transaction ?? (test.change === undefined ? [] : [test.change]));
      await run.barrier();
      await vi.waitFor(
        () => expect(run.lines().slice(before).sort(), test.name).toEqual(expectedLines(test.expect)),
        SOON,
      );
      await checkRedis(shop, test);
    }
  });
});

/** A real epoch is a time, which no test file can know: it is called the same on both sides. */
const EPOCH = '{epoch}';

function withoutEpochs(test: CookbookTest): CookbookTest {
  const { epochs, expect: expected } = test;
  if (epochs === undefined && expected.every(({ epoch }) => epoch === undefined)) return test;
  // Raised by the only change of a test, it is the version that tests begin with.
  const known = Object.values(epochs ?? {})[0] ?? 1;
  const masked = (key: string): string => key.replace(`:${known}:`, `:${EPOCH}:`);
  return {
    ...test,
    expect: expected.map((one) => (one.delete === undefined ? one : { ...one, delete: masked(one.delete) })),
  };
}

async function createTables(shop: Shop, { name, tables }: CookbookFile): Promise<void> {
  const databases = new Set(Object.keys(tables).map((table) => table.split('.')[0] ?? ''));
  databases.delete(shop.database);
  for (const database of databases) await shop.mysql.query(`CREATE DATABASE ${database}`);
  onTestFinished(async () => {
    for (const database of databases) await shop.mysql.query(`DROP DATABASE ${database}`);
  });
  // The fixture's own table; a situation declares it as it needs it.
  await shop.mysql.query(`DROP TABLE ${shop.table}`);
  for (const [table, { columns, primary_key: key }] of Object.entries(tables)) {
    const definitions = Object.entries(columns).map(([column, type]) => `\`${column}\` ${type}`);
    await shop.mysql.query(`CREATE TABLE ${table} (${[...definitions, `PRIMARY KEY (${key.join(', ')})`].join(', ')})`);
  }
  const setup = SETUP[name];
  if (setup !== undefined) await shop.mysql.query(setup.replace('INTO ', `INTO ${shop.database}.`));
  await shop.mysql.query(`CREATE TABLE ${markerOf(shop)} (id INT PRIMARY KEY)`);
}

async function start(shop: Shop, file: CookbookFile) {
  shop.write('situation.yaml', file.rules);
  shop.write('marker.yaml', {
    rules: [{ name: 'marker', table: markerOf(shop), keys: [`${shop.prefix}marker:{id}`], action: 'delete' }],
  });
  shop.write('sluice.yaml', {
    ...shop.defaultConfig({}),
    rules: ['situation.yaml', 'marker.yaml'],
    transport: { kind: 'in_process', partitions: 1 },
    audit: { path: 'audit.jsonl' },
  });
  await shop.ready('run');
  let marker = 0;
  const records = () =>
    shop
      .read('audit.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { action: string; key: string; rule: string });
  return {
    /** What the rules of the situation did, in order. */
    lines: (): string[] =>
      records().flatMap(({ action, key, rule }) =>
        rule === 'marker' ? [] : [`${action} ${key.replace(/\b\d{16}\b/, EPOCH)}`],
      ),
    /** Everything committed before was read and, with the one partition, applied. */
    barrier: async (): Promise<void> => {
      await shop.mysql.query(`INSERT INTO ${markerOf(shop)} VALUES (${++marker})`);
      await vi.waitFor(
        () => expect(records().some(({ key }) => key === `${shop.prefix}marker:${marker}`)).toBe(true),
        SOON,
      );
    },
  };
}

/** The rows that the change finds: whatever stood there before goes, row by row. */
async function prepare(shop: Shop, { tables }: CookbookFile, { change, transaction }: CookbookTest): Promise<void> {
  for (const { table, insert, update, delete: gone } of transaction ?? (change === undefined ? [] : [change])) {
    const first = insert ?? update?.before ?? gone;
    if (first === undefined) continue;
    const key = tables[table]?.primary_key ?? [];
    for (const row of [first, { ...first, ...update?.after }]) {
      await shop.mysql.query(...deleteOf(table, Object.fromEntries(key.map((name) => [name, row[name]]))));
    }
    if (insert === undefined) await insertRow(shop, table, first);
  }
}

/** What an application has in its cache: every key that must go, and one that must stay. */
async function fill(shop: Shop, { expect: expected }: CookbookTest): Promise<void> {
  const keys = expected
    .filter((one) => one.delete?.includes(EPOCH) !== true)
    .flatMap((one) => [one.delete ?? one.flush?.replaceAll('*', '~') ?? []].flat());
  for (const key of [...keys, 'nobodys:key']) await shop.redis.set(key, 'cached');
}

async function commit(shop: Shop, changes: readonly CookbookChange[]): Promise<void> {
  const connection = await shop.mysql.getConnection();
  try {
    await connection.beginTransaction();
    for (const change of changes) {
      const [result] = await connection.query<ResultSetHeader>(...statementOf(change));
      if (change.insert ?? change.update ?? change.delete) expect(result.affectedRows).toBe(1);
    }
    await connection.commit();
  } finally {
    connection.release();
  }
}

let altered = 0;

function statementOf({ table, insert, update, delete: gone, ...other }: CookbookChange): [string, unknown[]] {
  if (insert !== undefined) return [`INSERT INTO ${table} SET ?`, [written(insert)]];
  if (gone !== undefined) return deleteOf(table, gone);
  if (update !== undefined) {
    const { sql, values } = matching(update.before);
    return [`UPDATE ${table} SET ? WHERE ${sql}`, [written(update.after), ...values]];
  }
  if (other.truncate === true) return [`TRUNCATE TABLE ${table}`, []];
  if (other.drop === true) return [`DROP TABLE ${table}`, []];
  if (other.rename === true) return [`RENAME TABLE ${table} TO ${table}_x, ${table}_x TO ${table}`, []];
  return [`ALTER TABLE ${table} ADD COLUMN extra_${++altered} INT`, []];
}

function deleteOf(table: string, row: Values): [string, unknown[]] {
  const { sql, values } = matching(row);
  return [`DELETE FROM ${table} WHERE ${sql}`, values];
}

/** JSON columns are compared by the others. */
function matching(row: Values): { sql: string; values: unknown[] } {
  const columns = Object.entries(row).filter(([, value]) => typeof value !== 'object' || value === null);
  return {
    sql: columns.map(([column]) => `\`${column}\` <=> ?`).join(' AND '),
    values: columns.map(([, value]) => value),
  };
}

async function insertRow(shop: Shop, table: string, row: Values): Promise<void> {
  await shop.mysql.query(`INSERT INTO ${table} SET ?`, [written(row)]);
}

const written = (row: Values): Values =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    ]),
  );

async function checkRedis(shop: Shop, { name, expect: expected }: CookbookTest): Promise<void> {
  for (const { delete: deleted, flush, refresh, row, epoch, dead_letter: letter, reason } of expected) {
    if (deleted !== undefined) expect(await shop.redis.exists(deleted), name).toBe(0);
    if (flush !== undefined) expect(await shop.redis.exists(flush.replaceAll('*', '~')), name).toBe(0);
    if (epoch !== undefined) expect(Number(await shop.redis.get(`sluice:epoch:${epoch}`)), name).toBeGreaterThan(1e15);
    if (refresh !== undefined) await checkValue(shop, refresh, row);
    if (letter !== undefined) {
      const letters = shop.read('state/dead-letters.jsonl');
      expect(letters, name).toContain(`"rule":"${letter}"`);
      expect(letters, name).toContain(reason ?? '');
    }
  }
  expect(await shop.redis.get('nobodys:key')).toBe('cached');
  await shop.redis.del('nobodys:key');
}

/** From the row: its columns as a hash. From a query: JSON, or the marker of a row that is gone. */
async function checkValue(shop: Shop, key: string, row: Values | 'gone' | undefined): Promise<void> {
  if (typeof row === 'object') {
    const fields = Object.fromEntries(Object.entries(row).map(([column, value]) => [column, String(value)]));
    expect(await shop.redis.hgetall(key)).toEqual(fields);
  } else if (row === 'gone') expect(await shop.redis.get(key)).toBe('');
  else expect(JSON.parse((await shop.redis.get(key)) ?? 'null')).toMatchObject({ id: 7, name: 'lamp' });
}
