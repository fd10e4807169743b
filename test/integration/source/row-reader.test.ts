import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
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
  return { reader, pool, database, admin };
}

it.each(['mysql', 'mariadb'] as const)('reads rows as the JSON values of a row image, on %s', async (server) => {
  const { reader, pool } = await open({ server });
  await pool.query(
    `CREATE TABLE t (id BIGINT PRIMARY KEY, big BIGINT UNSIGNED, price DECIMAL(10,2), f FLOAT, d DOUBLE, day DATE,
       at TIMESTAMP(3) NULL, name VARCHAR(20), bytes VARBINARY(4), flag BIT(1), nothing INT, y YEAR, t TIME)`,
  );
  await pool.query(
    `INSERT INTO t VALUES (7, 18446744073709551615, 1.50, 1.1, 0.1, '0000-00-00', '2024-03-31 02:30:00.5', 'ä', x'00ff', 1, NULL, 2024, '-00:01:00')`.replace(
      "'0000-00-00'",
      "'2024-02-29'",
    ),
  );
  expect(await reader.read('SELECT * FROM t WHERE id = ? AND name = ?', [7, 'ä'])).toEqual([
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
    },
  ]);
  expect(await reader.read('SELECT id FROM t WHERE big = ?', ['18446744073709551615'])).toEqual([{ id: 7 }]);
  expect(await reader.read('SELECT id FROM t WHERE id > ? LIMIT ?', [0, 1])).toEqual([{ id: 7 }]);
  expect(await reader.read('SELECT id FROM t WHERE nothing <=> ?', [null])).toEqual([{ id: 7 }]);
  expect(await reader.read('SELECT id FROM t WHERE id = ?', [8])).toEqual([]);
});

it('parses JSON columns, and keeps the digits of long integers', async () => {
  const { reader, pool } = await open();
  await pool.query(`CREATE TABLE t (j JSON); INSERT INTO t VALUES ('{"a": [1, 18446744073709551615]}')`);
  expect(await reader.read('SELECT j FROM t', [])).toEqual([{ j: { a: [1, '18446744073709551615'] } }]);
});

describe('an error is', () => {
  it.each([
    ['a syntax error', 'SELEC 1'],
    ['an unknown column', 'SELECT nowhere FROM t'],
    ['an unknown table', 'SELECT 1 FROM nowhere'],
    ['an unknown database', 'SELECT 1 FROM nowhere.t'],
    ['a parameter too few', 'SELECT ?, ? FROM t'],
  ])('refused for good: %s', async (_, sql) => {
    const { reader, pool } = await open();
    await pool.query('CREATE TABLE t (id INT)');
    await expect(reader.read(sql, ['only one'])).rejects.toMatchObject({ code: 'READ_REFUSED', retryable: false });
  });

  it('refused for good: a missing privilege', async () => {
    const { admin } = await open();
    const { reader } = await open({ address: { ...admin, user: 'sluice', password: 'sluice', database: null } });
    await expect(
      reader.read('SELECT authentication_string FROM mysql.user WHERE SLEEP(0) FOR UPDATE', []),
    ).rejects.toMatchObject({
      code: 'READ_REFUSED',
    });
  });

  it('worth a retry: nobody listens, or the password is wrong', async () => {
    const { admin } = await open();
    for (const change of [{ port: 1 }, { password: 'wrong' }]) {
      const { reader } = await open({ address: { ...admin, ...change, database: null } });
      await expect(reader.read('SELECT 1', [])).rejects.toMatchObject({ code: 'READ_UNAVAILABLE', retryable: true });
    }
  });

  it('worth a retry: the answer takes too long; the next read works again', async () => {
    const { reader } = await open({ timeoutMs: 300 });
    await expect(reader.read('SELECT SLEEP(20)', [])).rejects.toMatchObject({ code: 'READ_UNAVAILABLE' });
    expect(await reader.read('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
  });

  it('worth a retry: the connection is killed; the next read works again', async () => {
    const { reader, pool, database } = await open({ timeoutMs: 30_000 });
    const sleeping = reader.read('SELECT SLEEP(20) /* victim */', []);
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
    expect(await reader.read('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
  });

  it('worth a retry: a deadlock or a lock that is held too long', async () => {
    const { reader, pool } = await open();
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
    const holder = await pool.getConnection();
    await holder.query('BEGIN; SELECT * FROM t FOR UPDATE');
    await expect(reader.read('SELECT * FROM t FOR UPDATE NOWAIT', [])).rejects.toMatchObject({
      code: 'READ_UNAVAILABLE',
    });
    await holder.query('ROLLBACK');
    holder.release();
  });
});
