/**
 * Settings any session may change, and types nobody can read yet: the line stops before the event, and says why.
 * On servers of its own: in a shared log such events would stop every daemon that reads it.
 */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createPool } from 'mysql2/promise';
import { startMysql, type ThrowawayMysql } from '../../../deploy/local/services.ts';
import { openDatabase, openSource, rowsOf, startAtNow, toAddress, uniqueName } from './fixture.ts';

interface Case {
  readonly what: string;
  readonly server: 'mysql' | 'mariadb';
  readonly setUp?: string;
  readonly statements: string;
  readonly message: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: 'a session with binlog_format=STATEMENT',
    server: 'mysql',
    statements: 'SET SESSION binlog_format=STATEMENT; UPDATE t SET v = 2 WHERE id = 1',
    message: /binlog_format=ROW/,
  },
  {
    what: 'a session with binlog_format=STATEMENT on MariaDB',
    server: 'mariadb',
    statements: 'SET SESSION binlog_format=STATEMENT; UPDATE t SET v = 2 WHERE id = 1',
    message: /binlog_format=ROW/,
  },
  {
    what: 'rows of nothing but defaults, with binlog_row_image=MINIMAL',
    server: 'mysql',
    setUp: 'CREATE TABLE e (a INT DEFAULT 1, b INT DEFAULT 2)',
    statements: 'SET SESSION binlog_row_image=MINIMAL; INSERT INTO e () VALUES ()',
    message: /rows without columns/,
  },
];

const servers = new Map<string, ThrowawayMysql>();
const rootOf = ({ host, port }: { host: string; port: number }) =>
  toAddress({ host, port, user: 'root', password: 'sluice' });

beforeAll(async () => {
  for (const flavour of ['mysql', 'mariadb'] as const) servers.set(flavour, await startMysql({ flavour }));
});
afterAll(async () => {
  for (const server of servers.values()) await server.remove();
});

it.each(CASES)('$what', async ({ server, setUp, statements, message }) => {
  const admin = rootOf(servers.get(server) ?? { host: '', port: 0 });
  const { pool, database } = await openDatabase(admin);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)');
  if (setUp !== undefined) await pool.query(setUp);
  const { source } = openSource({ address: admin });
  const from = await startAtNow(source);
  await pool.query('INSERT INTO t VALUES (10, 10)');
  const connection = await pool.getConnection();
  await connection.query(statements);
  connection.destroy();
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const batch of source.changes(from, AbortSignal.timeout(20_000))) {
      seen.push(...rowsOf(batch, database).map(({ after }) => after?.['id']));
    }
  })();
  const error: unknown = await reading.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'SOURCE_DECODE', retryable: false });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toMatch(/at (binlog|\S+)\.\d+:\d+/);
  // What came before it was delivered.
  expect(seen).toEqual([10]);
});

it('a server that logs no full metadata', async () => {
  const server = await startMysql({ flags: ['--binlog-row-metadata=MINIMAL'] });
  onTestFinished(() => server.remove());
  const pool = createPool({ uri: server.url, multipleStatements: true });
  const database = uniqueName('d');
  const { source } = openSource({
    address: rootOf(server),
  });
  const from = await startAtNow(source);
  await pool.query(
    `CREATE DATABASE ${database}; CREATE TABLE ${database}.t (id INT); INSERT INTO ${database}.t VALUES (1)`,
  );
  await pool.end();
  const reading = (async () => {
    for await (const _ of source.changes(from, AbortSignal.timeout(20_000)));
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'SOURCE_DECODE',
    message: expect.stringContaining('binlog_row_metadata=FULL') as string,
  });
});
