/** Ways of writing rows that any session may choose, and that the client library's own parser skips or refuses. */
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import type { RowChange } from '../../../src/model/row-change.ts';
import { TestEvaluator } from '../../support/evaluation.ts';
import { collect, openDatabase, openSource, startAtNow, withNewerMariadb, type SqlServer } from './fixture.ts';

const openServer = withNewerMariadb();

interface Log {
  readonly connection: PoolConnection;
  /** Everything that was changed since the beginning. */
  changes(count: number): Promise<RowChange[]>;
  readonly batches: { readonly rows: number; readonly ends: boolean }[];
  /** The same changes, as the decoder gives them. */
  readonly decoded: RowChange[];
}

async function openLog(server: SqlServer, setUp: string, maxChunkBytes = 1_000_000): Promise<Log> {
  const address = await openServer(server);
  const { pool, database } = await openDatabase(address);
  await pool.query(setUp);
  const { source } = openSource({ address, maxChunkBytes });
  const from = await startAtNow(source);
  const connection = await pool.getConnection();
  const batches: Log['batches'] = [];
  const decoded: RowChange[] = [];
  return {
    connection,
    batches,
    decoded,
    changes: async (count) => {
      // Its settings must not outlive it.
      connection.destroy();
      const { changes } = await collect(source, from, {
        database,
        enough: ({ length }) => length >= count,
        onBatch: ({ changes: all, end }) => {
          batches.push({ rows: all.length, ends: end !== null });
          decoded.push(...all.filter((each) => each.kind === 'row').filter(({ table }) => table.database === database));
        },
      });
      return changes;
    },
  };
}

const images = (changes: readonly RowChange[]) => changes.map(({ operation, before, after }) => [operation, before, after]); // prettier-ignore

describe('compressed transactions', () => {
  it('are read like others: every row, with the place and the GTID of the transaction', async () => {
    const log = await openLog('mysql', 'CREATE TABLE t (id INT PRIMARY KEY, v TEXT)');
    await log.connection.query('SET SESSION binlog_transaction_compression=ON');
    await log.connection.query("BEGIN; INSERT INTO t VALUES (1, 'one'), (2, REPEAT('x', 5000)); UPDATE t SET v = 'two' WHERE id = 2; DELETE FROM t WHERE id = 1; COMMIT"); // prettier-ignore
    await log.connection.query("SET SESSION binlog_transaction_compression=OFF; INSERT INTO t VALUES (3, 'plain')");
    const changes = await log.changes(5);
    expect(images(changes)).toEqual([
      ['insert', null, { id: 1, v: 'one' }],
      ['insert', null, { id: 2, v: 'x'.repeat(5000) }],
      ['update', { id: 2, v: 'x'.repeat(5000) }, { id: 2, v: 'two' }],
      ['delete', { id: 1, v: 'one' }, null],
      ['insert', null, { id: 3, v: 'plain' }],
    ]);
    const [first, plain] = [changes[0], changes[4]];
    expect(changes.slice(0, 4).every(({ transaction }) => transaction === first?.transaction)).toBe(true);
    expect(first?.transaction.gtid).toMatch(/^[0-9a-f-]{36}:\d+$/);
    expect(plain?.transaction.begin.offset).toBeGreaterThan(first?.transaction.begin.offset ?? Infinity);
    const versions = changes.map(({ version }) => version);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  });

  it('that are large are handed over in chunks, and no more of them is held', async () => {
    const maxChunkBytes = 200_000;
    const log = await openLog('mysql', 'CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT)', maxChunkBytes);
    await log.connection.query('SET SESSION binlog_transaction_compression=ON, cte_max_recursion_depth=100000');
    await log.connection.query("INSERT INTO t (v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT REPEAT('x', 200) FROM n"); // prettier-ignore
    await log.connection.query("INSERT INTO t (v) VALUES ('behind')");
    const changes = await log.changes(20_001);
    const ids = changes.slice(0, 20_000).map(({ after }) => after?.['id']);
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
    expect(changes.at(-1)?.after?.['v']).toBe('behind');
    const chunks = log.batches.filter(({ ends }) => !ends);
    expect(chunks.length).toBeGreaterThan(20);
    // A row weighs about 500 bytes; an event may go beyond the limit by its own size.
    expect(Math.max(...chunks.map(({ rows }) => rows))).toBeLessThan((2 * maxChunkBytes) / 500);
  });
});

it('partial updates of JSON give the whole document, as the server prints it', async () => {
  const long = 'some long text, so that a partial update is shorter'.repeat(4);
  const log = await openLog('mysql', 'CREATE TABLE t (id INT PRIMARY KEY, a JSON, n INT, b JSON)');
  const document = `{"a": [1, 2, {"deep": "${long}"}], "b c": "${long}", "c": null, "bb": 1}`;
  await log.connection.query(`INSERT INTO t VALUES (1, '${document}', 1, '${document}')`);
  await log.connection.query('SET SESSION binlog_row_value_options=PARTIAL_JSON');
  const expected: [string, string][] = [];
  for (const change of [
    "a = JSON_SET(a, '$.a[1]', 'two', '$.\"b c\"', 7)",
    "a = JSON_SET(a, '$.zz', JSON_OBJECT('new', 1.50)), b = JSON_REMOVE(b, '$.a[0]', '$.c')",
    'n = n + 1',
    "a = JSON_REPLACE(a, '$.a[2].deep', 'short'), n = 3",
    "b = JSON_SET(b, '$.a[7]', 'at the end', '$.\"é \\\\\\\"q\\\\\\\"\"', true)",
    "a = '[1, 2, [3, 4]]'",
    "a = JSON_SET(a, '$[last]', 5), b = JSON_SET(b, '$.a[last-1]', 'last but one', '$.a[last]', 'last')",
    "b = JSON_SET(JSON_REMOVE(b, '$.a[last]'), '$.a[last-70]', 'first')",
    "a = '[1]'",
  ]) {
    await log.connection.query(`UPDATE t SET ${change}`);
    const [rows] = await log.connection.query<RowDataPacket[]>('SELECT CAST(a AS CHAR) AS a, CAST(b AS CHAR) AS b FROM t'); // prettier-ignore
    expected.push([String(rows[0]?.['a']), String(rows[0]?.['b'])]);
  }
  const changes = (await log.changes(1 + expected.length)).slice(1);
  expect(changes.map(({ after }) => [after?.['a'], after?.['b']])).toEqual(expected);
  expect(changes[0]?.before?.['a']).toContain('"b c": "some long text');
});

it.each([
  ['MINIMAL', 'undefined'],
  // The server logs the document before, too.
  ['NOBLOB', 'string'],
])('partial updates of JSON with %s touch the document, which is %s', async (image, known) => {
  const long = 'some long text, so that a partial update is shorter'.repeat(4);
  const log = await openLog('mysql', `CREATE TABLE t (id INT PRIMARY KEY, j JSON, k JSON, n INT); INSERT INTO t VALUES (1, '{"a": 1, "b": "${long}"}', '{}', 1)`); // prettier-ignore
  await log.connection.query(`SET SESSION binlog_row_value_options=PARTIAL_JSON, binlog_row_image=${image}`);
  await log.connection.query("UPDATE t SET j = JSON_SET(j, '$.a', 2)");
  const [change] = await log.changes(1);
  expect(typeof change?.after?.['j']).toBe(known);
  const touched = (columns: string): string[] =>
    new TestEvaluator(`rules: [{name: r, table: "*.t", keys: ["t:{id}"], columns: [${columns}], action: delete}]`).keys(log.decoded); // prettier-ignore
  expect(touched('j')).toEqual(['delete t:1']);
  expect(touched('k, n')).toEqual([]);
});

describe.each(['mysql', 'mariadb', 'mariadb-11.8'] as const)('images that have not all columns, on %s,', (server) => {
  const TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(9), note TEXT)';

  it('with MINIMAL: an update says the primary key and what it changed', async () => {
    const log = await openLog(server, `${TABLE}; INSERT INTO t VALUES (1, 1, 'b', 'note'), (2, 2, 'b', 'note')`);
    await log.connection.query("SET SESSION binlog_row_image='MINIMAL'");
    await log.connection.query('UPDATE t SET a = a + 10');
    await log.connection.query('UPDATE t SET id = 5 WHERE id = 2');
    await log.connection.query('DELETE FROM t WHERE id = 5');
    expect(images(await log.changes(4))).toEqual([
      ['update', { id: 1 }, { id: 1, a: 11 }],
      ['update', { id: 2 }, { id: 2, a: 12 }],
      ['update', { id: 2 }, { id: 5 }],
      ['delete', { id: 5 }, null],
    ]);
  });

  it('with NOBLOB: what did not change is what it was, as far as the log tells', async () => {
    const log = await openLog(server, `${TABLE}; INSERT INTO t VALUES (1, 1, 'b', 'note')`);
    await log.connection.query("SET SESSION binlog_row_image='NOBLOB'");
    await log.connection.query('UPDATE t SET a = NULL');
    await log.connection.query("UPDATE t SET note = 'new'");
    expect(images(await log.changes(2))).toEqual([
      ['update', { id: 1, a: 1, b: 'b' }, { id: 1, a: null, b: 'b' }],
      ['update', { id: 1, a: null, b: 'b' }, { id: 1, a: null, b: 'b', note: 'new' }],
    ]);
  });
});

it.each(['mariadb', 'mariadb-11.8'] as const)(
  'compressed events of %s, and compressed columns in them',
  async (server) => {
    const address = await openServer(server);
    const { pool } = await openDatabase(address);
    const log = await openLog(server, 'CREATE TABLE t (id INT PRIMARY KEY, v TEXT, c VARCHAR(2000) COMPRESSED)');
    await pool.query('SET GLOBAL log_bin_compress=ON');
    try {
      await log.connection.query("INSERT INTO t VALUES (1, REPEAT('ab', 500), REPEAT('é', 900)), (2, '', '')");
      await log.connection.query("UPDATE t SET v = REPEAT('cd', 500) WHERE id = 1; DELETE FROM t WHERE id = 2");
    } finally {
      await pool.query('SET GLOBAL log_bin_compress=OFF');
    }
    const [ab, cd, c] = ['ab'.repeat(500), 'cd'.repeat(500), 'é'.repeat(900)];
    expect(images(await log.changes(4))).toEqual([
      ['insert', null, { id: 1, v: ab, c }],
      ['insert', null, { id: 2, v: '', c: '' }],
      ['update', { id: 1, v: ab, c }, { id: 1, v: cd, c }],
      ['delete', { id: 2, v: '', c: '' }, null],
    ]);
  },
);

it('rows of a partitioned table, and the moment of each commit, also behind a GTID with a tag', async () => {
  const log = await openLog('mysql', 'CREATE TABLE t (id INT PRIMARY KEY, v INT) PARTITION BY HASH(id) PARTITIONS 4');
  const [[now]] = await log.connection.query<RowDataPacket[]>('SELECT UNIX_TIMESTAMP(NOW(6)) * 1000000 AS us');
  await log.connection.query('INSERT INTO t VALUES (1, 1), (2, 2), (3, 3); UPDATE t SET id = id + 1 ORDER BY id DESC');
  await log.connection.query("SET gtid_next='AUTOMATIC:tag'; INSERT INTO t VALUES (9, 9)");
  const changes = await log.changes(7);
  expect(changes.at(-1)?.transaction.gtid).toMatch(/^[0-9a-f-]{36}:tag:\d+$/);
  expect(changes.slice(0, 6).map(({ before, after }) => [before?.['id'], after?.['id']])).toEqual([
    [undefined, 1], [undefined, 2], [undefined, 3], [3, 4], [2, 3], [1, 2],
  ]); // prettier-ignore
  const began = Number(now?.['us']);
  for (const { transaction } of changes) {
    expect(transaction.commitTimeUs).toBeGreaterThanOrEqual(began);
    expect(transaction.commitTimeUs).toBeLessThan(began + 10_000_000);
    // Not only whole seconds.
    expect(transaction.commitTimeUs % 1_000_000).not.toBe(0);
  }
});

it('events without a position of their own, which MariaDB 11.8 writes inside a transaction: its end is where the next begins', async () => {
  const address = await openServer('mariadb-11.8');
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const insert = (id: number) => pool.query(`INSERT INTO t VALUES (${id})`);
  const enough = (rows: number) => (all: readonly unknown[]) => all.length >= rows;
  await insert(1);
  const first = await collect(source, from, { database, enough: enough(1) });
  const end = first.batches.at(-1)?.end?.coordinates;
  await insert(2);
  await insert(3);
  const { file, offset } = from.position.coordinates;
  const [events] = await pool.query<RowDataPacket[]>(`SHOW BINLOG EVENTS IN '${file}' FROM ${offset}`);
  expect(events.filter((event) => event['Event_type'] === 'Write_rows_v1').map((event) => Number(event['End_log_pos']))).toEqual([0, 0, 0]);
  const begins = events.filter((event) => event['Event_type'] === 'Gtid').map((event) => Number(event['Pos']));
  expect(end).toEqual({ file, offset: begins[1] });
  // From there on, by file and offset.
  const position = { ...from.position, gtidSet: null, coordinates: { file, offset: end?.offset ?? 0 } };
  const rest = await collect(source, { position, lastVersion: 0 }, { database, enough: enough(2) });
  expect(rest.changes.map(({ after, transaction }) => [after?.['id'], transaction.begin.offset])).toEqual([[2, begins[1]], [3, begins[2]]]);
}); // prettier-ignore

it.each(['mariadb', 'mariadb-11.8'] as const)('a system-versioned table of %s tells its history, as docs/types.md says', async (server) => {
  const log = await openLog(server, 'CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING');
  await log.connection.query('INSERT INTO t VALUES (1, 1); UPDATE t SET v = 2; DELETE FROM t');
  const changes = await log.changes(4);
  const shown = changes.map(({ operation, before, after }) => [operation, before?.['v'], after?.['v']]);
  expect(shown).toEqual([['insert', undefined, 1], ['update', 1, 2], ['insert', undefined, 1], ['update', 2, 2]]);
  // Of the rows that are history now.
  const ends = changes.map(({ after }) => String(after?.['row_end']).slice(0, 4) < '2038');
  expect(ends).toEqual([false, false, true, true]);
}); // prettier-ignore
