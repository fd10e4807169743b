import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { JsonValue } from '../../../src/model/row-change.ts';
import { MysqlRowReader, type MysqlRowReaderOptions } from '../../../src/source/row-reader.ts';
import { addressOf, openDatabase } from './fixture.ts';

async function open(options: Partial<MysqlRowReaderOptions> & { server?: 'mysql' | 'mariadb' } = {}) {
  const admin = await addressOf(options.server ?? 'mysql');
  const { pool, database } = await openDatabase(admin);
  const reader = new MysqlRowReader({
    address: { ...admin, database },
    connections: 2,
    timeoutMs: 5_000,
    clock: systemClock,
    ...options,
  });
  onTestFinished(() => reader.close());
  const read = (
    sql: string,
    parameters: readonly JsonValue[],
    inDatabase = database,
  ): ReturnType<MysqlRowReader['read']> => reader.read({ sql, parameters, database: inDatabase, gtid: null });
  return { read, pool, database, admin };
}

it.each(['mysql', 'mariadb'] as const)('reads rows as the JSON values of a row image, on %s', async (server) => {
  const { read, pool } = await open({ server });
  await pool.query(
    `CREATE TABLE t (id BIGINT PRIMARY KEY, big BIGINT UNSIGNED, price DECIMAL(10,2), f FLOAT, d DOUBLE, day DATE,
       at TIMESTAMP(3) NULL, name VARCHAR(20), bytes VARBINARY(4), flag BIT(1), nothing INT, y YEAR, t TIME, whole DATETIME(3), t3 TIME(3))`,
  );
  await pool.query(
    `INSERT INTO t VALUES (7, 18446744073709551615, 1.50, 1.1, 0.1, '0000-00-00', '2024-03-31 02:30:00.5', 'ä', x'00ff', 1, NULL, 2024, '-00:01:00', '2024-02-29 01:02:03', '00:00:01.5')`.replace(
      "'0000-00-00'",
      "'2024-02-29'",
    ),
  );
  expect(await read('SELECT * FROM t WHERE id = ? AND name = ?', [7, 'ä'])).toEqual([
    {
      id: 7,
      big: '18446744073709551615',
      price: '1.50',
      f: 1.1,
      d: 0.1,
      day: '2024-02-29',
      at: '2024-03-31 02:30:00.500',
      name: 'ä',
      bytes: '00ff',
      flag: 1,
      nothing: null,
      y: 2024,
      t: '-00:01:00',
      whole: '2024-02-29 01:02:03.000',
      t3: '00:00:01.500',
    },
  ]);
  expect(await read('SELECT id FROM t WHERE big = ?', ['18446744073709551615'])).toEqual([{ id: 7 }]);
  expect(await read('SELECT id FROM t WHERE id > ? LIMIT ?', [0, 1])).toEqual([{ id: 7 }]);
  expect(await read('SELECT id FROM t WHERE nothing <=> ?', [null])).toEqual([{ id: 7 }]);
  expect(await read('SELECT id FROM t WHERE id = ?', [8])).toEqual([]);
});

it('parses JSON columns, and keeps the digits of long integers', async () => {
  const { read, pool } = await open();
  await pool.query(`CREATE TABLE t (j JSON); INSERT INTO t VALUES ('{"a": [1, 18446744073709551615]}')`);
  expect(await read('SELECT j FROM t', [])).toEqual([{ j: { a: [1, '18446744073709551615'] } }]);
});

describe('an error is', () => {
  it.each([
    ['a syntax error', 'SELEC 1'],
    ['an unknown column', 'SELECT nowhere FROM t'],
    ['an unknown table', 'SELECT 1 FROM nowhere'],
    ['an unknown database', 'SELECT 1 FROM nowhere.t'],
    ['a parameter too few', 'SELECT ?, ? FROM t'],
  ])('refused for good: %s', async (_, sql) => {
    const { read, pool } = await open();
    await pool.query('CREATE TABLE t (id INT)');
    await expect(read(sql, ['only one'])).rejects.toMatchObject({ code: 'READ_REFUSED', retryable: false });
  });

  it('refused for good: a missing privilege', async () => {
    const { admin } = await open();
    const { read } = await open({ address: { ...admin, user: 'sluice', password: 'sluice', database: null } });
    await expect(
      read('SELECT authentication_string FROM mysql.user WHERE SLEEP(0) FOR UPDATE', []),
    ).rejects.toMatchObject({
      code: 'READ_REFUSED',
    });
  });

  it('worth a retry: nobody listens, or the password is wrong', async () => {
    const { admin } = await open();
    for (const change of [{ port: 1 }, { password: 'wrong' }]) {
      const { read } = await open({ address: { ...admin, ...change, database: null } });
      await expect(read('SELECT 1', [])).rejects.toMatchObject({ code: 'READ_UNAVAILABLE', retryable: true });
    }
  });

  it('worth a retry: the answer takes too long; the next read works again', async () => {
    const { read } = await open({ timeoutMs: 300 });
    const askedAtMs = performance.now();
    await expect(read('SELECT SLEEP(20)', [])).rejects.toMatchObject({ code: 'READ_UNAVAILABLE' });
    // It gave up; it did not wait for the answer after all.
    expect(performance.now() - askedAtMs).toBeLessThan(15_000);
    expect(await read('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
  });

  it('worth a retry: the connection is killed; the next read works again', async () => {
    const { read, pool, database } = await open({ timeoutMs: 30_000 });
    const sleeping = read('SELECT SLEEP(20) /* victim */', []);
    const kill = async (): Promise<void> => {
      for (let killed = false; !killed;) {
        const [rows] = await pool.query(
          "SELECT ID AS id FROM INFORMATION_SCHEMA.PROCESSLIST WHERE DB = ? AND INFO LIKE '%victim%' AND ID <> CONNECTION_ID()",
          [database],
        );
        for (const { id } of rows as { id: string }[]) {
          await pool.query(`KILL ${id}`);
          killed = true;
        }
      }
    };
    await Promise.all([expect(sleeping).rejects.toMatchObject({ code: 'READ_UNAVAILABLE' }), kill()]);
    expect(await read('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
  });

  it('worth a retry: a deadlock or a lock that is held too long', async () => {
    const { read, pool } = await open();
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
    const holder = await pool.getConnection();
    await holder.query('BEGIN; SELECT * FROM t FOR UPDATE');
    await expect(read('SELECT * FROM t FOR UPDATE NOWAIT', [])).rejects.toMatchObject({
      code: 'READ_UNAVAILABLE',
    });
    await holder.query('ROLLBACK');
    holder.release();
  });
});

it('takes a table name without a database to be in the database of the row, each with statements of its own', async () => {
  const [first, second] = [await open(), await open()];
  for (const [{ pool }, name] of [
    [first, 'first'],
    [second, 'second'],
  ] as const) {
    await pool.query('CREATE TABLE t (name VARCHAR(10))');
    await pool.query('INSERT INTO t VALUES (?)', [name]);
  }
  // The same text, on one reader, again and again: a statement prepared for one database must not serve the other.
  for (let round = 0; round < 2; round++) {
    expect(await first.read('SELECT name FROM t', [])).toEqual([{ name: 'first' }]);
    expect(await first.read('SELECT name FROM t', [], second.database)).toEqual([{ name: 'second' }]);
  }
  await expect(first.read('SELECT name FROM t', [], 'no_such_database')).rejects.toMatchObject({
    code: 'READ_REFUSED',
  });
});

it('reads nothing for a transaction that will never come: its log was reset, or a failover lost it', async () => {
  const { pool, database, admin } = await open();
  const reader = new MysqlRowReader({
    address: { ...admin, database },
    connections: 1,
    timeoutMs: 2_000,
    clock: systemClock,
  });
  onTestFinished(() => reader.close());
  const [[server]] = await pool.query<RowDataPacket[]>('SELECT @@GLOBAL.server_uuid AS uuid');
  for (const uuid of [String(server?.['uuid']), '3e11fa47-71ca-11e1-9e33-c80aa9429562']) {
    const gtid = `${uuid}:999999999`;
    expect(await reader.read({ sql: 'SELECT 1 AS one', parameters: [], database, gtid })).toBeNull();
  }
});
