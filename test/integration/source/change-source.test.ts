/** What is special about a server's binary log; the port itself is in change-source.contract.test.ts. */
import { describe, expect, it } from 'vitest';
import type { ChangeBatch, RowChange } from '../../../src/model/row-change.ts';
import {
  addressOf,
  collect,
  openDatabase,
  openSource,
  rowsOf,
  SERVERS,
  startAtNow,
  type ServerName,
} from './fixture.ts';

async function prepare(server: ServerName) {
  const address = await addressOf(server);
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL)');
  const { source, metrics } = openSource({ address });
  return { pool, database, source, metrics, address, from: await startAtNow(source) };
}

const summary = ({ operation, before, after, version }: RowChange): string =>
  `${operation} ${JSON.stringify(before)} → ${JSON.stringify(after)} @${version}`;

describe.each(SERVERS)('the change source on %s', (server) => {
  it('delivers every change in commit order, with the images before and after it', async () => {
    const { pool, database, source, from } = await prepare(server);
    await pool.query('INSERT INTO t VALUES (1, 10), (2, 20)');
    await pool.query('UPDATE t SET v = v + 1');
    await pool.query('DELETE FROM t WHERE id = 2');
    const { changes } = await collect(source, from, { database, enough: ({ length }) => length === 5 });
    expect(changes.map(({ operation, before, after }) => [operation, before, after])).toEqual([
      ['insert', null, { id: 1, v: 10 }],
      ['insert', null, { id: 2, v: 20 }],
      ['update', { id: 1, v: 10 }, { id: 1, v: 11 }],
      ['update', { id: 2, v: 20 }, { id: 2, v: 21 }],
      ['delete', { id: 2, v: 21 }, null],
    ]);
    expect(changes[0]?.table).toMatchObject({ database, name: 't', primaryKey: ['id'] });
    const versions = changes.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });

  it('cuts a large transaction into chunks, and sends all of it again when it was not finished', async () => {
    const { pool, database, address, from } = await prepare(server);
    const { source } = openSource({ address, maxChunkBytes: 20_000, maxBufferedBytes: 20_000 });
    const rows = Array.from({ length: 20_000 }, (_, id) => [id, id]);
    await pool.query('INSERT INTO t VALUES ?', [rows]);
    const stop = new AbortController();
    let chunk: ChangeBatch | undefined;
    for await (const batch of source.changes(from, stop.signal)) {
      if (rowsOf(batch, database).length === 0) continue;
      chunk = batch;
      break;
    }
    expect(chunk?.end).toBeNull();
    const { changes, batches } = await collect(source, from, { database, enough: ({ length }) => length === 20_000 });
    expect(changes.slice(0, 3).map(summary)).toEqual(
      rowsOf(chunk ?? { changes: [] }, database)
        .slice(0, 3)
        .map(summary),
    );
    expect(changes.map(({ after }) => after?.['id'])).toEqual(rows.map(([id]) => id));
    expect(batches.filter(({ end }) => end === null).length).toBeGreaterThan(1);
    expect(Math.max(...batches.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(100_000);
  });

  it('sends an empty batch with each heartbeat, so that the position moves while nothing happens', async () => {
    const { source, from, database } = await prepare(server);
    const beats: ChangeBatch[] = [];
    const onBatch = (batch: ChangeBatch): unknown => batch.commitTimeMs === null && beats.push(batch);
    await collect(source, from, { database, enough: () => beats.length > 0, onBatch });
    expect(beats[0]).toMatchObject({ changes: [], sizeBytes: 0, end: { gtids: [] } });
  });

  it('keeps the whole history of a table: rows written before an ALTER have the columns of then', async () => {
    const { pool, database, source, from } = await prepare(server);
    await pool.query('INSERT INTO t VALUES (1, 1)');
    await pool.query('ALTER TABLE t CHANGE v renamed INT NOT NULL, ADD more VARCHAR(10)');
    await pool.query("INSERT INTO t VALUES (2, 2, 'x')");
    await pool.query('TRUNCATE TABLE t');
    await pool.query('DROP TABLE t');
    const { changes } = await collect(source, from, { database, enough: ({ length }) => length === 2 });
    expect(changes.map(({ after }) => after)).toEqual([
      { id: 1, v: 1 },
      { id: 2, renamed: 2, more: 'x' },
    ]);
  });

  it('knows every form a transaction can have', async () => {
    const { pool, database, source, from } = await prepare(server);
    await pool.query('CREATE TABLE plain (id INT PRIMARY KEY) ENGINE=MyISAM');
    const connection = await pool.getConnection();
    await connection.query('INSERT INTO plain VALUES (1)');
    await connection.query('START TRANSACTION; INSERT INTO t VALUES (1, 0); SAVEPOINT a; INSERT INTO t VALUES (2, 0)');
    await connection.query('ROLLBACK TO a; INSERT INTO t VALUES (3, 0); COMMIT');
    await connection.query("XA START 'one'; INSERT INTO t VALUES (4, 0); XA END 'one'; XA COMMIT 'one' ONE PHASE");
    await connection.query(`XA START '${database}'; INSERT INTO t VALUES (5, 0); XA END '${database}'`);
    await connection.query(`XA PREPARE '${database}'; XA COMMIT '${database}'`);
    await connection.query('CREATE TABLE copied SELECT * FROM t WHERE id = 5');
    await connection.query('CREATE TEMPORARY TABLE tmp (id INT); INSERT INTO tmp VALUES (1); DROP TEMPORARY TABLE tmp');
    await connection.query('INSERT INTO t VALUES (6, 0)');
    connection.release();
    const { changes } = await collect(source, from, { database, enough: (all) => all.at(-1)?.after?.['id'] === 6 });
    expect(changes.map(({ table, after }) => `${table.name} ${String(after?.['id'])}`)).toEqual([
      'plain 1',
      't 1',
      't 3',
      't 4',
      't 5',
      'copied 5',
      't 6',
    ]);
  });
});
