/** The connection breaks in every way; nothing is lost, and only what was not finished is repeated. */
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import type { RowChange } from '../../../src/model/row-change.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import {
  addressOf,
  collect,
  openDatabase,
  openSource,
  rowsOf,
  SERVERS,
  startAtNow,
  toAddress,
  waitUntil,
} from './fixture.ts';

const ids = (changes: readonly RowChange[]): unknown[] => changes.map(({ after }) => after?.['id']);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function insertOneByOne(pool: Pool, count: number, between?: (id: number) => Promise<unknown>): Promise<void> {
  for (const id of upTo(count)) {
    await pool.query('INSERT INTO t VALUES (?, 0)', [id]);
    await between?.(id);
  }
}

/** Ends the dump threads that read for this account; only the test's own source has it. */
async function killDumps(pool: Pool, user: string): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>(
    "SELECT ID AS id FROM INFORMATION_SCHEMA.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' AND USER = ?",
    [user],
  );
  for (const { id } of rows) await pool.query(`KILL ${String(id)}`).catch(() => undefined);
  return rows.length;
}

describe.each(SERVERS)('on %s', (server) => {
  it('nothing is lost when the server kills the dump thread again and again', async () => {
    const admin = await addressOf(server);
    const { pool, database } = await openDatabase(admin);
    const user = `u_${database.slice(-20)}`;
    await pool.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
    await pool.query(`GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '${user}'@'%'`);
    onTestFinished(() => pool.query(`DROP USER '${user}'@'%'`).then(() => undefined));
    await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
    const { source, metrics } = openSource({ address: { ...admin, user, password: 'x' } });
    const from = await startAtNow(source);
    let killed = 0;
    const reading = collect(source, from, { database, enough: ({ length }) => length >= 60 });
    await insertOneByOne(pool, 60, async (id) => {
      // Not behind the last one: the source may have seen everything and be gone.
      if (id % 20 === 10) await waitUntil(async () => (killed += await killDumps(pool, user)) > id / 20);
    });
    const { changes } = await reading;
    expect(ids(changes)).toEqual(upTo(60));
    expect(await metrics.text()).toMatch(/sluice_source_reconnects_total\{.*\} [1-9]/);
  });
});

it('a link that went silent is called dead after three heartbeats, and another one is opened', async () => {
  const address = await addressOf('mysql');
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
  const proxy = await TcpProxy.open(address);
  const { source } = openSource({ address: { ...address, port: proxy.port }, heartbeatMs: 100, connectTimeoutMs: 500 });
  const from = await startAtNow(source);
  const seen: RowChange[] = [];
  const reading = collect(source, from, {
    database,
    enough: ({ length }) => length >= 2,
    onBatch: (batch) => seen.push(...rowsOf(batch, database)),
  });
  await pool.query('INSERT INTO t VALUES (1, 0)');
  await waitUntil(() => Promise.resolve(seen.length > 0));
  proxy.stall();
  await pool.query('INSERT INTO t VALUES (2, 0)');
  const before = proxy.accepted;
  await waitUntil(() => Promise.resolve(proxy.accepted > before));
  proxy.heal();
  // Those accepted while stalled stay dead as well: the watchdog of their attempt ends them.
  expect(ids((await reading).changes)).toEqual([1, 2]);
});

it('a server that restarts ends the stream, and the source waits for it', async () => {
  const server = await startMysql();
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
  const { source } = openSource({ address });
  const from = await startAtNow(source);
  const reading = collect(source, from, { database, enough: ({ length }) => length >= 3 });
  await pool.query('INSERT INTO t VALUES (1, 0)');
  await server.restart();
  await waitUntil(() =>
    pool.query('INSERT INTO t VALUES (2, 0)').then(
      () => true,
      () => false,
    ),
  );
  await server.kill('SIGKILL');
  await server.restart();
  await waitUntil(() =>
    pool.query('INSERT INTO t VALUES (3, 0)').then(
      () => true,
      () => false,
    ),
  );
  expect(ids((await reading).changes)).toEqual([1, 2, 3]);
});

it('a consumer that does not pull pauses the connection, and finds everything when it goes on', async () => {
  const address = await addressOf('mysql');
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1000))');
  const { source } = openSource({ address, maxBufferedBytes: 50_000, heartbeatMs: 100 });
  const from = await startAtNow(source);
  const stop = new AbortController();
  const batches = source.changes(from, stop.signal)[Symbol.asyncIterator]();
  const own = async (): Promise<RowChange[]> => {
    const next = await batches.next();
    if (next.done) throw new Error('the source ended');
    largest = Math.max(largest, next.value.sizeBytes);
    return rowsOf(next.value, database);
  };
  let largest = 0;
  // A server looks through its log for a while before it sends anything new.
  await pool.query("INSERT INTO t VALUES (0, 'marker')");
  while ((await own()).length === 0);
  const rows = upTo(5_000).map((id) => [id, 'x'.repeat(1_000)]);
  for (let index = 0; index < rows.length; index += 50) {
    await pool.query('INSERT INTO t VALUES ?', [rows.slice(index, index + 50)]);
  }
  const got: RowChange[] = [];
  while (got.length < 5_000) got.push(...(await own()));
  stop.abort();
  await batches.return?.();
  expect(ids(got)).toEqual(upTo(5_000));
  // The bound and at most one chunk of the socket and one event beyond it.
  expect(largest).toBeLessThan(50_000 + 65_536 + 60_000);
});
