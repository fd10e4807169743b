/**
 * Why there is a decoder of our own (docs/adr/0028): each of these is first read by the client library as it is, which loses
 * something and goes on, and then by ours. A server of its own: an incident is a gap for whoever reads the log.
 */
import ZongJi from '@vlasky/zongji';
import type { PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startMysql, testAccount, type ThrowawayMysql } from '../../../deploy/local/services.ts';
import type { RowChange } from '../../../src/model/row-change.ts';
import { collect, openDatabase, openSource, startAtNow, toAddress } from './fixture.ts';

let server: ThrowawayMysql;
beforeAll(async () => {
  // So small that one row does not fit: MySQL then writes an incident, as nothing can undo the row of a MyISAM table.
  server = await startMysql({ flags: ['--binlog-stmt-cache-size=4096', '--max-binlog-stmt-cache-size=4096'] });
});
afterAll(() => server.remove());

type Images = Record<string, unknown> | { before: Record<string, unknown>; after: Record<string, unknown> };
interface Read {
  readonly rows: readonly Images[];
  readonly errors: readonly string[];
}

/** What the statements wrote, behind one row and before another: `{id: 0, v: 'before'}` and `{id: 99, v: 'behind'}`. */
async function readBoth(create: string, write: (connection: PoolConnection) => Promise<unknown>) {
  const address = toAddress({ host: server.host, port: server.port, ...testAccount });
  const { pool, database } = await openDatabase(address);
  await pool.query(create);
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const connection = await pool.getConnection();
  await connection.query('INSERT INTO t (id, v) VALUES (0, \'"before"\')');
  await write(connection);
  connection.destroy();
  await pool.query('INSERT INTO t (id, v) VALUES (99, \'"behind"\')');
  const { file, offset } = from.position.coordinates;
  const stock = await readByStock({ database, file, offset });
  const ours = async (): Promise<RowChange[]> => {
    const enough = (all: readonly RowChange[]): boolean => all.at(-1)?.after?.['id'] === 99;
    return (await collect(source, from, { database, enough })).changes;
  };
  return { stock, ours };
}

/** The library with a handler on its events, as its manual shows it, until the last row has come. */
async function readByStock({ database, file, offset }: { database: string; file: string; offset: number }): Promise<Read> {
  const { host, port } = server;
  const zongji = new ZongJi({ host, port, ...testAccount });
  const rows: Images[] = [];
  const errors: string[] = [];
  zongji.on('binlog', (event: unknown) => rows.push(...((event as { rows?: Images[] }).rows ?? [])));
  zongji.on('error', (error: Error) => errors.push(error.message));
  zongji.start({ serverId: 4_001, filename: file, position: offset, includeSchema: { [database]: true } });
  const isLast = (row: Images | undefined): boolean => row !== undefined && 'id' in row && row.id === 99;
  await vi.waitFor(() => expect(isLast(rows.at(-1))).toBe(true), { timeout: 30_000, interval: 20 });
  zongji.removeAllListeners();
  zongji.on('error', () => undefined);
  zongji.stop();
  return { rows, errors };
} // prettier-ignore

const TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), n INT)';
const idsOf = (rows: readonly Images[]): unknown[] => rows.map((row) => ('id' in row ? row.id : row));
const images = (changes: readonly RowChange[]) => changes.slice(1, -1).map(({ operation, before, after }) => [operation, before, after]); // prettier-ignore

it('a compressed transaction: the library has none of its rows, and goes on behind it', async () => {
  const { stock, ours } = await readBoth(TABLE, async (connection) => {
    await connection.query('SET SESSION binlog_transaction_compression=ON');
    await connection.query("BEGIN; INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2); UPDATE t SET n = 3 WHERE id = 2; COMMIT"); // prettier-ignore
  });
  expect(idsOf(stock.rows)).toEqual([0, 99]);
  expect(images(await ours())).toEqual([
    ['insert', null, { id: 1, v: 'one', n: 1 }],
    ['insert', null, { id: 2, v: 'two', n: 2 }],
    ['update', { id: 2, v: 'two', n: 2 }, { id: 2, v: 'two', n: 3 }],
  ]);
});

it('a partial update of JSON: the library does not have it, and goes on behind it', async () => {
  const long = 'x'.repeat(300);
  const { stock, ours } = await readBoth('CREATE TABLE t (id INT PRIMARY KEY, v JSON)', async (connection) => {
    await connection.query(`INSERT INTO t VALUES (1, '{"a": 1, "long": "${long}"}')`);
    await connection.query('SET SESSION binlog_row_value_options=PARTIAL_JSON');
    await connection.query("UPDATE t SET v = JSON_SET(v, '$.a', 2) WHERE id = 1");
  });
  expect(idsOf(stock.rows)).toEqual([0, 1, 99]);
  const [before, after] = [`{"a": 1, "long": "${long}"}`, `{"a": 2, "long": "${long}"}`];
  expect(images(await ours())).toEqual([
    ['insert', null, { id: 1, v: before }],
    ['update', { id: 1, v: before }, { id: 1, v: after }],
  ]);
});

it('a MINIMAL image: the library cannot tell a column that is not in the log from NULL, so the key after an update is lost', async () => {
  const { stock, ours } = await readBoth(TABLE, async (connection) => {
    await connection.query("INSERT INTO t VALUES (1, 'one', 1); SET SESSION binlog_row_image=MINIMAL");
    await connection.query('UPDATE t SET n = 2 WHERE id = 1; UPDATE t SET v = NULL WHERE id = 1');
  });
  const [first, second] = stock.rows.slice(2, -1).map((row) => ('after' in row ? row.after : row));
  expect([first, second]).toEqual([{ id: null, v: null, n: 2 }, { id: null, v: null, n: null }]);
  expect(images(await ours()).slice(1)).toEqual([
    ['update', { id: 1 }, { id: 1, n: 2 }],
    ['update', { id: 1 }, { id: 1, v: null }],
  ]);
}); // prettier-ignore

it('an incident: the library says nothing, though the server has lost a row; ours is a gap', async () => {
  const { stock, ours } = await readBoth(`${TABLE} ENGINE=MyISAM`, async (connection) => {
    await connection.query('ALTER TABLE t MODIFY v MEDIUMTEXT');
    const error: unknown = await connection.query("INSERT INTO t VALUES (1, REPEAT('x', 10000), 1)").catch((thrown: unknown) => thrown); // prettier-ignore
    expect(error).toMatchObject({ code: 'ER_STMT_CACHE_FULL' });
    const [rows] = await connection.query('SELECT id FROM t WHERE id = 1');
    expect(rows).toEqual([{ id: 1 }]);
  });
  expect(idsOf(stock.rows)).toEqual([0, 99]);
  expect(stock.errors).toEqual([]);
  await expect(ours()).rejects.toMatchObject({ code: 'SOURCE_POSITION_GONE', reason: 'incident' });
});
