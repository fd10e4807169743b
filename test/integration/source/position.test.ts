/** Where a stream can begin, and how a position that is gone is told from a server that does not answer. */
import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import type { ResumePoint } from '../../../src/model/position.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import type { MysqlChangeSource } from '../../../src/source/mysql-change-source.ts';
import { collect, openDatabase, openSource, startAtNow, toAddress, uniqueName, waitUntil } from './fixture.ts';

const KINDS = {
  'MySQL with GTIDs': { flavour: 'mysql', flags: [] },
  'MySQL without GTIDs': { flavour: 'mysql', flags: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] },
  MariaDB: { flavour: 'mariadb', flags: [] },
} as const;

async function throwaway(kind: keyof typeof KINDS) {
  const server = await startMysql(KINDS[kind]);
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY)');
  return { server, address, pool, database, source: openSource({ address }).source };
}

/** What the stream fails with; the first batch means that it did not. */
async function failure(source: MysqlChangeSource, from: ResumePoint): Promise<unknown> {
  try {
    for await (const batch of source.changes(from, AbortSignal.timeout(20_000))) return batch;
    return 'aborted';
  } catch (error) {
    return error;
  }
}

const gone = { code: 'SOURCE_POSITION_GONE', retryable: false, exitCode: 3 };

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])('on %s', (kind) => {
  it('a start is now, the earliest transaction, or given; a purged position is gone, and so is a reset log', async () => {
    const { pool, database, source } = await throwaway(kind);
    await pool.query('INSERT INTO t VALUES (1)');
    const now = await startAtNow(source);
    await pool.query('INSERT INTO t VALUES (2)');
    const { signal } = new AbortController();
    const read = async (from: ResumePoint, count: number): Promise<unknown[]> => {
      const { changes } = await collect(source, from, { database, enough: ({ length }) => length === count });
      return changes.map(({ after }) => after?.['id']);
    };
    expect(await read(now, 1)).toEqual([2]);
    const earliest = await source.locate({ kind: 'earliest' }, signal);
    expect(await read({ position: earliest, lastVersion: 0 }, 2)).toEqual([1, 2]);
    const { coordinates } = now.position;
    const byCoordinates = await source.locate({ kind: 'coordinates', coordinates }, signal);
    expect(await read({ position: byCoordinates, lastVersion: 0 }, 1)).toEqual([2]);
    if (now.position.gtidSet !== null) {
      const given = await source.locate({ kind: 'gtid_set', gtidSet: now.position.gtidSet }, signal);
      expect(await read({ position: given, lastVersion: 0 }, 1)).toEqual([2]);
    }

    const beyond = { file: coordinates.file, offset: 1_000_000_000 };
    const noFile = { file: 'binlog.999999', offset: 4 };
    for (const wrong of [beyond, noFile]) {
      const position = await source.locate({ kind: 'coordinates', coordinates: wrong }, signal);
      expect(await failure(source, { position, lastVersion: 0 })).toMatchObject(gone);
    }

    await pool.query('FLUSH BINARY LOGS');
    await pool.query('INSERT INTO t VALUES (3)');
    const newest = await source.locate({ kind: 'now' }, signal);
    // A file that a dump thread still reads stays, without an error.
    await waitUntil(async () => {
      await pool.query(`PURGE BINARY LOGS TO '${newest.coordinates.file}'`);
      const [logs] = await pool.query<RowDataPacket[]>('SHOW BINARY LOGS');
      return logs[0]?.['Log_name'] === newest.coordinates.file;
    });
    expect(await failure(source, now)).toMatchObject(gone);
    expect(await read({ position: await source.locate({ kind: 'earliest' }, signal), lastVersion: 0 }, 1)).toEqual([3]);

    const later = await startAtNow(source);
    await pool.query(KINDS[kind].flavour === 'mysql' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
    expect(await failure(source, later)).toMatchObject(gone);
  });
});

it('coordinates of another server are gone, though it has a file of that name', async () => {
  const { source, address, database, pool } = await throwaway('MySQL without GTIDs');
  await pool.query('INSERT INTO t VALUES (1)');
  const from = await startAtNow(source);
  const position = { ...from.position, serverUuid: '3e11fa47-71ca-11e1-9e33-c80aa9429562' };
  const error = await failure(source, { ...from, position });
  expect(error).toMatchObject(gone);
  expect((error as Error).message).toContain(position.serverUuid);
  void [address, database];
});

it('a GTID set of another topology is gone', async () => {
  const { source } = await throwaway('MySQL with GTIDs');
  const from = await startAtNow(source);
  const position = { ...from.position, gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5' };
  expect(await failure(source, { ...from, position })).toMatchObject(gone);
});

it('a tagged GTID is a GTID', async () => {
  const { source, pool, database } = await throwaway('MySQL with GTIDs');
  const from = await startAtNow(source);
  const tag = uniqueName('tag').slice(0, 30);
  const connection = await pool.getConnection();
  await connection.query(`SET gtid_next='AUTOMATIC:${tag}'`);
  await connection.query('INSERT INTO t VALUES (1)');
  await connection.query("SET gtid_next='AUTOMATIC'");
  await connection.query('INSERT INTO t VALUES (2)');
  connection.release();
  const { changes, batches } = await collect(source, from, { database, enough: ({ length }) => length === 2 });
  expect(changes[0]?.transaction.gtid).toContain(`:${tag}:1`);
  const gtids = batches.flatMap(({ end }) => end?.gtids ?? []);
  const position = { ...from.position, gtidSet: [from.position.gtidSet, ...gtids].join(',') };
  await pool.query('INSERT INTO t VALUES (3)');
  const rest = await collect(source, { position, lastVersion: 0 }, { database, enough: ({ length }) => length === 1 });
  expect(rest.changes[0]?.after).toEqual({ id: 3 });
});

it('a wrong password at run time is retried, with the reason in the log, until it is aborted', async () => {
  const { address, source } = await throwaway('MySQL with GTIDs');
  const from = await startAtNow(source);
  const wrong = openSource({ address: { ...address, password: 'wrong' } });
  const stop = new AbortController();
  const reading = (async () => {
    for await (const _ of wrong.source.changes(from, stop.signal));
  })();
  for (let text = ''; !/reconnects_total\{.*\} [2-9]/.test(text);) {
    text = await wrong.metrics.text();
    await new Promise(setImmediate);
  }
  stop.abort();
  await reading;
  expect(new SluiceError('SOURCE_UNAVAILABLE', '').retryable).toBe(true);
});
