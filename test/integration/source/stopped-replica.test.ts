/** Reads from a replica that takes writes and whose replication somebody has stopped: it looks like one that was promoted. */
import { createConnection } from 'mysql2/promise';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { MysqlRowLookup } from '../../../src/source/row-lookup.ts';
import { MysqlRowReader } from '../../../src/source/row-reader.ts';
import { toAddress } from './fixture.ts';

async function start() {
  const server = await startMysql();
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const { host, port, user, password } = address;
  const connection = await createConnection({ host, port, user, password });
  onTestFinished(() => connection.end());
  const one = async (sql: string): Promise<unknown> => {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return (rows as unknown[][])[0]?.[0];
  };
  const run = async (...statements: string[]): Promise<void> => {
    for (const sql of statements) await connection.query(sql);
  };
  return { address, port, one, run };
}

it('never takes an old row for that of a transaction it lacks: a refresh reads nothing, a lookup waits', async () => {
  const [source, replica] = await Promise.all([start(), start()]);
  await replica.run(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${source.port}, SOURCE_USER = 'root',
     SOURCE_PASSWORD = 'sluice', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    'START REPLICA',
  );
  await source.run(
    'CREATE DATABASE shop',
    'CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)',
    'INSERT INTO shop.t VALUES (1, 1)',
  );
  const onReplica = (): Promise<unknown> => replica.one('SELECT v FROM shop.t').catch(() => undefined);
  await vi.waitFor(async () => expect(await onReplica()).toBe(1), { timeout: 30_000, interval: 50 });
  await replica.run('STOP REPLICA');
  await source.run('UPDATE shop.t SET v = 2');
  const executed = String(await source.one('SELECT @@GLOBAL.gtid_executed'));
  const gtid = executed.replace(/:\d+-(\d+)$/, ':$1');

  const options = { address: replica.address, connections: 2, timeoutMs: 2_000, clock: systemClock };
  const [reader, lookup] = [new MysqlRowReader(options), new MysqlRowLookup(options)];
  onTestFinished(() => Promise.all([reader.close(), lookup.close()]).then(() => undefined));
  const sql = 'SELECT v FROM t WHERE id = ?';
  const query = { sql, parameters: [1], database: 'shop', gtid };
  const request = { sql, parameters: [[1]], database: 'shop', gtid, timeoutMs: 2_000 };
  expect(await reader.read(query)).toBeNull();
  await expect(lookup.find(request)).rejects.toMatchObject({ code: 'READ_UNAVAILABLE', retryable: true });
  expect(await onReplica()).toBe(1);

  await replica.run('START REPLICA');
  await vi.waitFor(async () => expect(await lookup.find(request)).toEqual([[{ v: '2' }]]), { timeout: 30_000 });
});

it('takes what there is on a server that nobody replicates to: no key can be found otherwise', async () => {
  const server = await start();
  await server.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT)', 'INSERT INTO shop.t VALUES (1)');
  const lookup = new MysqlRowLookup({ address: server.address, connections: 1, timeoutMs: 5_000, clock: systemClock });
  onTestFinished(() => lookup.close());
  const gtid = '3e11fa47-71ca-11e1-9e33-c80aa9429562:7';
  const request = { sql: 'SELECT id FROM t WHERE id = ?', parameters: [[1]], database: 'shop', gtid, timeoutMs: 2_000 };
  expect(await lookup.find(request)).toEqual([[{ id: '1' }]]);
});
