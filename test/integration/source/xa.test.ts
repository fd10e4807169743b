import type { Pool } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PositionTracker } from '../../../src/model/position-tracker.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import type { Change, ChangeBatch } from '../../../src/model/row-change.ts';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import type { MysqlChangeSource } from '../../../src/source/mysql-change-source.ts';
import { startMysql } from '../../../deploy/local/services.ts';
import { addressOf, openDatabase, openSource, SERVERS, startAtNow, toAddress, type ServerName } from './fixture.ts';

interface Prepared {
  readonly address: MysqlAddress;
  readonly pool: Pool;
  readonly database: string;
  readonly source: MysqlChangeSource;
  readonly from: ResumePoint;
}

async function open(address: MysqlAddress, options: { maxHeldBytes?: number }): Promise<Prepared> {
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200) NOT NULL)');
  const { source } = openSource({ address, ...options });
  return { address, pool, database, source, from: await startAtNow(source) };
}

/** What a failed test leaves prepared would hold up the end of its database. */
async function withTable(
  address: MysqlAddress,
  run: (test: Prepared) => Promise<void>,
  options: { maxHeldBytes?: number } = {},
): Promise<void> {
  const test = await open(address, options);
  try {
    await run(test);
  } finally {
    for (const branch of ['a', 'b', 'c', 'x']) {
      await test.pool.query(`XA ROLLBACK ${xid(test.database, branch)}`).catch(() => undefined);
    }
  }
}

/**
 * The database's name makes an xid unique on the server. The session ends at once: MariaDB hands a prepared transaction over only then.
 */
async function xaPrepare({ address, database }: Prepared, branch: string, ...statements: string[]): Promise<void> {
  const { host, port, user, password } = address;
  const connection = await createConnection({ host, port, user, password, database });
  const all = [`XA START ${xid(database, branch)}`, ...statements];
  for (const sql of [...all, `XA END ${xid(database, branch)}`, `XA PREPARE ${xid(database, branch)}`]) {
    await connection.query(sql);
  }
  await connection.end();
}

const xid = (database: string, branch: string): string => `'${database.slice(-60)}','${branch}'`;

interface Heard {
  readonly ids: unknown[];
  readonly tables: Change[];
  /** Where a daemon would begin again that had acknowledged all of it. */
  readonly point: ResumePoint;
  readonly batches: ChangeBatch[];
}

/** Reads until a row with this id has come and no transaction is open, as a daemon does that is killed then. */
async function hear({ source, database }: Prepared, from: ResumePoint, lastId: number): Promise<Heard> {
  const stop = new AbortController();
  const tracker = new PositionTracker(from);
  const heard = { ids: [] as unknown[], tables: [] as Change[], batches: [] as ChangeBatch[] };
  for await (const batch of source.changes(from, stop.signal)) {
    heard.batches.push(batch);
    for (const change of batch.changes) {
      if (change.kind === 'table') heard.tables.push(change);
      else if (change.table.database === database) heard.ids.push((change.after ?? change.before)?.['id']);
    }
    if (batch.end !== null) tracker.advance(batch.end);
    if (heard.ids.includes(lastId)) break;
  }
  stop.abort();
  return { ...heard, point: tracker.resumePoint() };
}

const unknown = ({ tables }: Heard, database: string): Change[] =>
  tables.filter((change) => change.kind === 'table' && change.operation === 'unknown_rows' && (change.database === database || change.database === null)); // prettier-ignore

describe.each(SERVERS)('an XA transaction on %s', (server: ServerName) => {
  it('is seen when it is committed, also by another session, and never when it is rolled back', async () =>
    withTable(await addressOf(server), async (test) => {
      const { pool, database } = test;
      // What is rolled back leaves its lock on everything behind it.
      const savepoint = ['SAVEPOINT s', "INSERT INTO t VALUES (20, '')", 'ROLLBACK TO s'];
      await xaPrepare(test, 'a', "INSERT INTO t VALUES (10, '')", ...savepoint);
      await xaPrepare(test, 'b', "INSERT INTO t VALUES (3, '')");
      await xaPrepare(test, 'c', "INSERT INTO t VALUES (4, '')");
      await pool.query("INSERT INTO t VALUES (5, '')");
      await endOf(test, 'c', 'ROLLBACK');
      await endOf(test, 'a', 'COMMIT');
      await pool.query("INSERT INTO t VALUES (6, '')");
      await pool.query('FLUSH BINARY LOGS');
      const heard = await hear(test, test.from, 6);
      expect(heard.ids).toEqual([5, 10, 6]);
      expect(unknown(heard, database)).toEqual([]);
      // b still waits; a daemon that is killed here must see its rows when it comes back.
      await endOf(test, 'b', 'COMMIT');
      await pool.query("INSERT INTO t VALUES (7, '')");
      const again = await hear(test, heard.point, 7);
      expect(again.ids.slice(-2)).toEqual([3, 7]);
      expect(again.ids).not.toContain(4);
      expect(unknown(again, database)).toEqual([]);
      if (server === 'mysql') expect(again.ids).toEqual([3, 7]);
    }));

  it('in one phase, empty or of reads only leaves nothing behind', async () =>
    withTable(await addressOf(server), async (test) => {
      const { pool, database } = test;
      const connection = await pool.getConnection();
      const run = async (...statements: string[]): Promise<void> => {
        for (const sql of statements) await connection.query(sql.replaceAll('XID', xid(database, 'x')));
      };
      await run('XA START XID', "INSERT INTO t VALUES (1, '')", 'XA END XID', 'XA COMMIT XID ONE PHASE');
      await run('XA START XID', 'XA END XID', 'XA PREPARE XID', 'XA COMMIT XID');
      await run('XA START XID', 'SELECT * FROM t', 'XA END XID', 'XA PREPARE XID', 'XA COMMIT XID');
      await run('XA START XID', "INSERT INTO t VALUES (2, '')", 'XA END XID', 'XA ROLLBACK XID');
      await run("INSERT INTO t VALUES (3, '')");
      connection.release();
      const heard = await hear(test, test.from, 3);
      expect(heard.ids).toEqual([1, 3]);
      expect(unknown(heard, database)).toEqual([]);
      expect(heard.batches.at(-1)?.end).not.toBeNull();
    }));

  it('that was prepared before the beginning may have changed anything', async () =>
    withTable(await addressOf(server), async (test) => {
      await xaPrepare(test, 'a', "INSERT INTO t VALUES (1, '')");
      await xaPrepare(test, 'b', "INSERT INTO t VALUES (2, '')");
      const from = await startAtNow(test.source);
      await endOf(test, 'a', 'COMMIT');
      await endOf(test, 'b', 'ROLLBACK');
      await test.pool.query("INSERT INTO t VALUES (3, '')");
      const heard = await hear(test, from, 3);
      expect(heard.ids).toEqual([3]);
      expect(unknown(heard, test.database)).toMatchObject([{ database: null, table: null }]);
    }));

  it('with more rows than may be kept is a change of its table', async () =>
    withTable(
      await addressOf(server),
      async (test) => {
        const values = Array.from({ length: 100 }, (_, id) => `(${id + 10}, REPEAT('x', 200))`).join(', ');
        await xaPrepare(test, 'a', `INSERT INTO t VALUES ${values}`);
        await endOf(test, 'a', 'COMMIT');
        await test.pool.query("INSERT INTO t VALUES (1, '')");
        const heard = await hear(test, test.from, 1);
        expect(heard.ids).toEqual([1]);
        expect(unknown(heard, test.database)).toMatchObject([{ database: test.database, table: 't' }]);
      },
      { maxHeldBytes: 20_000 },
    ));
});

it('is seen although the server was restarted between its PREPARE and its commit', async () => {
  const server = await startMysql({ flags: ['--sync-binlog=1'] });
  onTestFinished(() => server.remove());
  const test = await open(toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' }), {});
  await xaPrepare(test, 'a', "INSERT INTO t VALUES (1, '')");
  await test.pool.query("INSERT INTO t VALUES (2, '')");
  const before = await hear(test, test.from, 2);
  await server.kill('SIGKILL');
  await server.restart();
  await endOf(test, 'a', 'COMMIT');
  await retried(test.pool, "INSERT INTO t VALUES (3, '')");
  const after = await hear(test, before.point, 3);
  expect(before.ids).toEqual([2]);
  expect(after.ids).toEqual([1, 3]);
  expect(unknown(after, test.database)).toEqual([]);
});

/** The session that prepared it may take a moment to go. */
async function endOf({ pool, database }: Prepared, branch: string, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  await retried(pool, `XA ${how} ${xid(database, branch)}`);
}

async function retried(pool: Pool, sql: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await pool.query(sql);
      return;
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
