/** Every kind of statement that changes a table, really executed: the texts in the log are the server's own. */
import { createPool } from 'mysql2/promise';
import { expect, it, onTestFinished } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import type { TableChange } from '../../../src/model/row-change.ts';
import {
  addressOf,
  collect,
  openDatabase,
  openSource,
  SERVERS,
  startAtNow,
  tableChangesOf,
  toAddress,
  type ServerName,
} from './fixture.ts';

interface Case {
  readonly statement: string;
  readonly expected: readonly string[];
  readonly only?: 'mysql' | 'mariadb';
}

const CASES: readonly Case[] = [
  { statement: 'CREATE TABLE a (id INT PRIMARY KEY, v INT)', expected: [] },
  { statement: 'CREATE TABLE b LIKE a', expected: [] },
  { statement: 'CREATE TABLE c SELECT 1 AS x', expected: [] },
  { statement: 'CREATE TEMPORARY TABLE tmp (id INT)', expected: [] },
  { statement: 'INSERT INTO tmp VALUES (1)', expected: [] },
  { statement: 'ALTER TABLE tmp ADD c INT', expected: [] },
  { statement: 'TRUNCATE tmp', expected: [] },
  { statement: 'DROP TABLE tmp', expected: [] },
  { statement: 'TRUNCATE a', expected: ['truncate a'] },
  { statement: 'truncate /* all of it */ table `a`', expected: ['truncate a'] },
  { statement: 'ALTER TABLE a ADD c INT', expected: ['alter a'] },
  { statement: 'ALTER TABLE a ADD INDEX i (v), COMMENT "x"', expected: [] },
  { statement: 'CREATE INDEX j ON a (v)', expected: [] },
  { statement: 'DROP INDEX j ON a', expected: [] },
  { statement: 'OPTIMIZE TABLE a', expected: [] },
  { statement: 'ALTER TABLE a /*!50000 DROP c */', expected: ['alter a'] },
  { statement: 'ALTER TABLE a DROP INDEX i, RENAME TO renamed', expected: ['rename a', 'rename renamed'] },
  { statement: 'ALTER TABLE renamed RENAME a', expected: ['rename renamed', 'rename a'] },
  // The swap of the tools for schema changes without locks.
  { statement: 'RENAME TABLE a TO _a_old, b TO a', expected: ['rename a', 'rename _a_old', 'rename b'] },
  { statement: 'DROP TABLE IF EXISTS _a_old, c', expected: ['drop _a_old', 'drop c'] },
  { statement: 'CREATE TABLE `odd ``name``.x ä` (id INT)', expected: [] },
  { statement: 'TRUNCATE TABLE `odd ``name``.x ä`', expected: ['truncate odd `name`.x ä'] },
  { statement: 'DROP TABLE `odd ``name``.x ä`', expected: ['drop odd `name`.x ä'] },
  { statement: `SET SESSION sql_mode = 'ANSI_QUOTES'`, expected: [] },
  { statement: 'CREATE TABLE "ansi ""t""" (id INT)', expected: [] },
  { statement: 'TRUNCATE TABLE "ansi ""t"""', expected: ['truncate ansi "t"'] },
  { statement: 'CREATE VIEW v AS SELECT 1', expected: [] },
  { statement: 'DROP VIEW v', expected: [] },
  {
    statement: 'CREATE TABLE p (id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9))',
    expected: [],
  },
  { statement: 'CREATE TABLE q (id INT)', expected: [] },
  { statement: 'ALTER TABLE p ADD PARTITION (PARTITION p1 VALUES LESS THAN (99))', expected: [] },
  { statement: 'ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q', expected: ['truncate p', 'truncate q'] },
  { statement: 'ALTER TABLE p TRUNCATE PARTITION p0, p1', expected: ['truncate p'] },
  { statement: 'ALTER TABLE p DROP PARTITION p1', expected: ['truncate p'] },
  { statement: 'CREATE OR REPLACE TABLE a (id INT)', expected: ['drop a'], only: 'mariadb' },
  { statement: 'SET STATEMENT lock_wait_timeout=5 FOR TRUNCATE a', expected: ['truncate a'], only: 'mariadb' },
  { statement: 'TRUNCATE TABLE a NOWAIT', expected: ['truncate a'], only: 'mariadb' },
  { statement: 'ALTER ONLINE TABLE IF EXISTS a WAIT 5 ADD v INT', expected: ['alter a'], only: 'mariadb' },
  { statement: 'ALTER TABLE a RENAME COLUMN id TO other', expected: ['alter a'] },
];

const prepare = async (server: ServerName) => {
  const address = await addressOf(server);
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE marker (id INT PRIMARY KEY)');
  const { source } = openSource({ address });
  return { pool, database, source, from: await startAtNow(source) };
};

const described = ({ operation, table }: TableChange): string => `${operation} ${table ?? '(all)'}`;

it.each(SERVERS)('every kind of statement gives its table changes, in order, on %s', async (server) => {
  const { pool, database, source, from } = await prepare(server);
  const cases = CASES.filter(({ only }) => only === undefined || (only === 'mariadb') === (server === 'mariadb'));
  // One session: temporary tables and settings are its own.
  const connection = await pool.getConnection();
  for (const [id, { statement }] of cases.entries()) {
    await connection.query(statement);
    await connection.query('INSERT INTO marker VALUES (?)', [id]);
  }
  connection.release();
  const seen: string[][] = [[]];
  const versions: number[] = [];
  await collect(source, from, {
    database,
    enough: () => seen.length > cases.length,
    onBatch: ({ changes }) => {
      for (const change of changes) {
        const own = (change.kind === 'table' ? change.database : change.table.database) === database;
        if (!own) continue;
        versions.push(change.version);
        if (change.kind === 'table') seen.at(-1)?.push(described(change));
        else if (change.table.name === 'marker') seen.push([]);
      }
    },
  });
  const got = cases.map(({ statement }, index) => ({ statement, changes: seen[index] }));
  expect(got).toEqual(cases.map(({ statement, expected }) => ({ statement, changes: expected })));
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
});

it.each(SERVERS)('dropping a database is one change for all of its tables, on %s', async (server) => {
  const { pool, database, source, from } = await prepare(server);
  await pool.query(`DROP DATABASE ${database}`);
  let seen: TableChange[] = [];
  await collect(source, from, {
    database,
    enough: () => seen.length > 0,
    onBatch: (batch) => (seen = [...seen, ...tableChangesOf(batch, database)]),
  });
  expect(seen.map(({ operation, table }) => [operation, table])).toEqual([['drop', null]]);
});

it.each(['mysql', 'mariadb'] as const)('a MEMORY table that a restart emptied is truncated, on %s', async (flavour) => {
  const server = await startMysql({ flavour });
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const first = createPool({ uri: server.url });
  await first.query('CREATE DATABASE d');
  await first.query('CREATE TABLE d.`odd ``name``` (id INT) ENGINE=MEMORY');
  await first.query('INSERT INTO d.`odd ``name``` VALUES (1)');
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  await first.end();
  await server.restart();
  const pool = createPool({ uri: server.url });
  onTestFinished(() => pool.end());
  // The server says so when somebody looks.
  await pool.query('SELECT * FROM d.`odd ``name```');
  let seen: TableChange[] = [];
  await collect(source, from, {
    database: 'd',
    enough: () => seen.length > 0,
    onBatch: (batch) => (seen = [...seen, ...tableChangesOf(batch, 'd')]),
  });
  expect(seen.map(described)).toEqual(['truncate odd `name`']);
});

it.each(['mysql', 'mariadb'] as const)('a name in another character set means every table, on %s', async (server) => {
  const { database, source, from } = await prepare(server);
  const { host, port, user, password } = await addressOf(server);
  const latin1 = createPool({ host, port, user, password, database, charset: 'LATIN1_SWEDISH_CI' });
  onTestFinished(() => latin1.end());
  await latin1.query('CREATE TABLE `größe` (id INT)');
  await latin1.query('TRUNCATE `größe`');
  await latin1.query('ALTER TABLE `größe` ADD c INT');
  let seen: TableChange[] = [];
  await collect(source, from, {
    database,
    enough: () => seen.length >= 2,
    onBatch: (batch) => (seen = [...seen, ...tableChangesOf(batch, database)]),
  });
  expect(seen.map(described)).toEqual(['truncate (all)', 'alter (all)']);
});
