import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAX_LOOKUP_ROWS } from '../../../src/model/lookup.ts';
import type { JsonValue } from '../../../src/model/row-change.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { MysqlRowLookup, type MysqlRowLookupOptions } from '../../../src/source/row-lookup.ts';
import { addressOf, openDatabase } from './fixture.ts';
import { EVERY_TYPE } from './types/json-cases.ts';
import { TYPE_CASES } from './types/type-cases.ts';

const BOTH = ['mysql', 'mariadb'] as const;

async function open(server: 'mysql' | 'mariadb' = 'mysql', options: Partial<MysqlRowLookupOptions> = {}) {
  const address = await addressOf(server);
  const { pool, database } = await openDatabase(address);
  const lookup = new MysqlRowLookup({ address, connections: 2, timeoutMs: 5_000, clock: systemClock, ...options });
  onTestFinished(() => lookup.close());
  const find = (
    sql: string,
    parameters: readonly (readonly JsonValue[])[],
    more: { readonly timeoutMs?: number; readonly gtid?: string | null } = {},
  ): ReturnType<MysqlRowLookup['find']> =>
    lookup.find({ sql, parameters, database, gtid: null, timeoutMs: 20_000, ...more });
  return { find, pool, database, address };
}

describe.each(BOTH)('a lookup on %s', (server) => {
  it('answers each list of parameters, in their order, however many there are', async () => {
    const { find, pool } = await open(server);
    await pool.query('CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT, name VARCHAR(10))');
    const ids = Array.from({ length: 149 }, (_, id) => id);
    await pool.query('INSERT INTO orders VALUES ?', [ids.map((id) => [id, id % 7, id % 2 === 0 ? null : `n${id}`])]);
    const asked = [...ids.toReversed(), 999];
    const found = await find(
      'SELECT customer_id, name FROM orders WHERE id = ?',
      asked.map((id) => [id]),
    );
    const row = (id: number) => ({ customer_id: String(id % 7), name: id % 2 === 0 ? null : `n${id}` });
    expect(found).toEqual(asked.map((id) => (id === 999 ? [] : [row(id)])));
    const several = await find('SELECT id FROM orders WHERE customer_id = ? AND id < ? ORDER BY id', [
      [1, 20],
      ['2', 10],
      [null, 10],
    ]);
    expect(several.map((rows) => rows.map(({ id }) => id).sort())).toEqual([['1', '15', '8'], ['2', '9'], []]);
    expect(await find('SELECT 1 AS one', [])).toEqual([]);
  });

  it('gives every type its canonical text, alone and together with others', async () => {
    const { find, pool } = await open(server);
    const differences: unknown[] = [];
    if (server === 'mysql') await pool.query(EVERY_TYPE);
    for (const [index, each] of TYPE_CASES.entries()) {
      const { type, values: all, equals = 'CAST(c AS CHAR)', on = server } = each;
      // A query is told what the log does not say: that it is a UUID or an address, and how a number is shown.
      if (on !== server || all.length === 0 || /^(UUID|INET|SERIAL)|ZEROFILL|\(9,3\)/.test(type)) continue;
      if (each.texts !== undefined || each.more !== undefined || each.options !== undefined) continue;
      // MySQL makes the zero date of one without a day when it unites results.
      const values = all.filter((value) => !/^'\d{4}-\d\d-00/.test(value) || value.startsWith("'0000"));
      await pool.query(`SET SESSION sql_mode=''; CREATE TABLE t${index} (id INT PRIMARY KEY, c ${type})`);
      const rows = [...values, 'NULL'].map((value, id) => `(${id}, ${value})`);
      await pool.query(`SET SESSION sql_mode=''; INSERT INTO t${index} (id, c) VALUES ${rows.join(', ')}`);
      const [wanted] = await pool.query<RowDataPacket[]>(`SELECT ${equals} AS text FROM t${index} ORDER BY id`);
      const sql = `SELECT c FROM t${index} WHERE id = ?`;
      const lists = rows.map((_, id) => [id]);
      const together = await find(sql, lists);
      for (const [id, list] of lists.entries()) {
        const alone = id === 0 || id === lists.length - 1 ? (await find(sql, [list]))[0] : together[id];
        for (const got of [alone?.[0]?.['c'], together[id]?.[0]?.['c']]) {
          const text = wanted[id]?.['text'] as string | number | null;
          if (got !== (text === null ? null : String(text))) differences.push({ type, wanted: text, got });
        }
      }
    }
    expect(differences).toEqual([]);
  });

  it('reads no more than one row beyond the limit, for each list by itself', async () => {
    const { find, pool } = await open(server);
    await pool.query('CREATE TABLE n (i INT); INSERT INTO n VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)');
    const sql = 'SELECT 1 AS one FROM n a, n b, n c, n d, n e WHERE a.i < ?';
    const found = await find(sql, [[10], [0], [2]]);
    expect(found.map(({ length }) => length)).toEqual([MAX_LOOKUP_ROWS + 1, 0, MAX_LOOKUP_ROWS + 1]);
  });

  it('takes any query that a rule may have: comments, WITH, ORDER BY and LIMIT', async () => {
    const { find, pool } = await open(server);
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)');
    const one = [[{ id: '2' }], [{ id: '3' }]];
    expect(await find('SELECT id FROM t WHERE id > ? ORDER BY id LIMIT 1 -- the first', [[1], [2]])).toEqual(one);
    expect(await find('WITH u AS (SELECT id FROM t WHERE id > ?) SELECT MIN(id) AS id FROM u # x', [[1], [2]])).toEqual(
      one,
    );
    expect(await find('(SELECT id FROM t WHERE id = ?) UNION (SELECT id FROM t WHERE id = ?)', [[1, 1]])).toEqual([
      [{ id: '1' }],
    ]);
    expect(await find('SELECT id AS `sluice:list` FROM t WHERE id = ?', [[3], [1]])).toEqual([
      [{ 'sluice:list': '3' }],
      [{ 'sluice:list': '1' }],
    ]);
  });

  it('treats what a parameter says as a value, whatever it says', async () => {
    const { find, pool } = await open(server);
    await pool.query('CREATE TABLE t (name VARCHAR(100))');
    const names = [`'; DROP TABLE t; -- `, '\\', `") UNION SELECT 1 -- `, '?', '`'];
    await pool.query('INSERT INTO t VALUES ?', [names.map((name) => [name])]);
    const found = await find(
      'SELECT name FROM t WHERE name = ?',
      names.map((name) => [name]),
    );
    expect(found).toEqual(names.map((name) => [{ name }]));
  });

  it.each([
    ['an unknown column', 'SELECT nowhere FROM t WHERE id = ?'],
    ['an unknown table', 'SELECT 1 FROM nowhere WHERE id = ?'],
    ['two columns of one name', 'SELECT a.id, b.id FROM t a, t b WHERE a.id = ?'],
    ['a parameter too few', 'SELECT ? AS x, ? AS y'],
  ])('is refused for good: %s', async (_, sql) => {
    const { find, pool } = await open(server);
    await pool.query('CREATE TABLE t (id INT)');
    await expect(find(sql, [[1]])).rejects.toMatchObject({ code: 'READ_REFUSED', retryable: false });
  });

  it('is worth a retry when it takes longer than it may; the next one works again', async () => {
    const { find } = await open(server);
    const askedAtMs = performance.now();
    await expect(find('SELECT SLEEP(?) AS s', [[20]], { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'READ_UNAVAILABLE',
      retryable: true,
    });
    expect(performance.now() - askedAtMs).toBeLessThan(15_000);
    expect(await find('SELECT ? AS one', [['1']])).toEqual([[{ one: '1' }]]);
  });
});

it('waits for the transaction that it is made for', async () => {
  const { find, pool } = await open();
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const [[row]] = await pool.query<RowDataPacket[]>('SELECT @@GLOBAL.server_uuid AS uuid');
  const next = (number: number): string => `${String(row?.['uuid'])}:${number}`;
  const ask = (gtid: string) => find('SELECT id FROM t WHERE id = ?', [[1]], { gtid, timeoutMs: 2_000 });
  expect(await ask(next(1))).toEqual([[]]);
  // Nobody is committing it: it was lost, and would be waited for without end.
  const began = performance.now();
  expect(await ask(next(2 ** 40))).toEqual([[]]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(900);
});

it('is worth a retry when nobody listens', async () => {
  const { address } = await open();
  const { find } = await open('mysql', { address: { ...address, port: 1 } });
  await expect(find('SELECT ? AS x', [[1]])).rejects.toMatchObject({ code: 'READ_UNAVAILABLE' });
});
