import type { Pool, RowDataPacket } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import { BinlogDecoder } from '../../../src/decode/binlog-decoder.ts';
import type { BinlogCoordinates } from '../../../src/model/position.ts';
import type { ChangeBatch } from '../../../src/model/row-change.ts';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { readHistory, type HistorySelection } from '../../../src/source/history.ts';
import { openDatabase, toAddress, uniqueName, waitUntil } from './fixture.ts';

interface TestHistory {
  readonly maxChunkBytes?: number;
  readonly signal?: AbortSignal;
  readonly onBatch?: (batch: ChangeBatch) => unknown;
}

async function history(
  address: MysqlAddress,
  selection: HistorySelection,
  { maxChunkBytes = 1_000_000, signal = new AbortController().signal, onBatch }: TestHistory = {},
): Promise<ChangeBatch[]> {
  const batches: ChangeBatch[] = [];
  const reading = readHistory({
    address,
    name: uniqueName('explain'),
    serverId: 3_000_000_000 + Math.floor(Math.random() * 1_000_000_000),
    connectTimeoutMs: 10_000,
    netWriteTimeoutMs: 60_000,
    maxBufferedBytes: 1_000_000,
    createDecoder: (from, { lowerCaseNames }) => new BinlogDecoder({ from, maxChunkBytes, lowerCaseNames }),
    selection,
    clock: systemClock,
    logger: silentLogger,
    signal,
  });
  for await (const batch of reading) {
    batches.push(batch);
    await onBatch?.(batch);
  }
  return batches;
}

const KINDS = {
  mysql: { flavour: 'mysql', flags: [] },
  'mysql without GTIDs': { flavour: 'mysql', flags: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] },
  mariadb: { flavour: 'mariadb', flags: [] },
} as const;
type Kind = keyof typeof KINDS;

/** A log of its own: so it is known what its last transactions are. */
async function prepare(kind: Kind) {
  const server = await startMysql(KINDS[kind]);
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const { pool, database } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1000))');
  const insert = (...ids: readonly number[]): Promise<unknown> =>
    pool.query('INSERT INTO t VALUES ?', [ids.map((id) => [id, null])]);
  return { pool, database, address, insert };
}

async function endOf(pool: Pool): Promise<BinlogCoordinates> {
  const ask = (sql: string): Promise<[RowDataPacket[], unknown]> => pool.query<RowDataPacket[]>(sql);
  const [[row]] = await ask('SHOW BINARY LOG STATUS').catch(() => ask('SHOW MASTER STATUS'));
  return { file: String(row?.['File']), offset: Number(row?.['Position']) };
}

/** MariaDB keeps a file for a moment longer than it says. */
async function purgeTo(pool: Pool, file: string): Promise<void> {
  await waitUntil(async () => {
    await pool.query(`PURGE BINARY LOGS TO '${file}'`);
    const [files] = await pool.query<RowDataPacket[]>('SHOW BINARY LOGS');
    return files[0]?.['Log_name'] === file;
  });
}

/** `1,2` for a transaction of rows, `truncate t` for one of a table change; chunks end with `…`. */
const shown = (batches: readonly ChangeBatch[]): string[] =>
  batches.map(({ changes, end }) => {
    const all = changes.map((change) =>
      change.kind === 'row' ? String((change.after ?? change.before)?.['id']) : `${change.operation} ${change.table}`,
    );
    return `${all.join(',')}${end === null ? '…' : ''}`;
  });

const gtidsOf = (batches: readonly ChangeBatch[]): string[] => batches.flatMap(({ end }) => end?.gtids ?? []);

describe.each(Object.keys(KINDS) as Kind[])('history on %s', (kind) => {
  it('gives the last transactions with changes, each by itself, across files', async () => {
    const { pool, address, insert } = await prepare(kind);
    await insert(1, 2);
    await pool.query('FLUSH BINARY LOGS');
    await insert(3);
    await pool.query('CREATE TABLE other (id INT); GRANT SELECT ON *.* TO CURRENT_USER()');
    await pool.query('FLUSH BINARY LOGS; FLUSH BINARY LOGS');
    await insert(4);
    await pool.query('TRUNCATE other');
    const last = (transactions: number): Promise<ChangeBatch[]> => history(address, { kind: 'last', transactions });
    expect(shown(await last(1))).toEqual(['truncate other']);
    expect(shown(await last(2))).toEqual(['4', 'truncate other']);
    expect(shown(await last(3))).toEqual(['3', '4', 'truncate other']);
    expect(shown(await last(4))).toEqual(['1,2', '3', '4', 'truncate other']);
    expect(shown((await last(1_000)).slice(-4))).toEqual(['1,2', '3', '4', 'truncate other']);
    expect(await last(0)).toEqual([]);
    await pool.query('FLUSH BINARY LOGS');
    expect(shown(await last(2))).toEqual(['4', 'truncate other']);
  });

  it('gives a range: what begins at its beginning or later, and before its end', async () => {
    const { pool, address, insert } = await prepare(kind);
    const places = [await endOf(pool)];
    for (const ids of [[1], [2, 3], [4]]) {
      await insert(...ids);
      places.push(await endOf(pool));
    }
    await pool.query('FLUSH BINARY LOGS');
    await insert(5);
    places.push(await endOf(pool));
    const place = (index: number): BinlogCoordinates => places[index] ?? { file: '', offset: 0 };
    const range = async (from: number, to: number | null): Promise<string[]> =>
      shown(await history(address, { kind: 'range', from: place(from), to: to === null ? null : place(to) }));
    expect(await range(0, 2)).toEqual(['1', '2,3']);
    expect(await range(1, 4)).toEqual(['2,3', '4', '5']);
    expect(await range(2, null)).toEqual(['4', '5']);
    expect(await range(3, null)).toEqual(['5']);
    expect(await range(4, null)).toEqual([]);
    expect(await range(2, 2)).toEqual([]);
    const { file, offset } = place(1);
    const inside = { kind: 'range', from: place(0), to: { file, offset: offset + 1 } } as const;
    expect(shown(await history(address, inside))).toEqual(['1', '2,3']);
    const beyond = { kind: 'range', from: place(3), to: { file: place(4).file, offset: 2 ** 40 } } as const;
    expect(shown(await history(address, beyond))).toEqual(['5']);
  });

  it('ends where the log ended when it began, however much is written meanwhile', async () => {
    const { pool, address, insert } = await prepare(kind);
    const from = await endOf(pool);
    await insert(1);
    await insert(2);
    let id = 2;
    const batches = await history(address, { kind: 'range', from, to: null }, { onBatch: () => insert(++id) });
    expect(shown(batches)).toEqual(['1', '2']);
  });

  it('hands over a large transaction in chunks, and counts it once', async () => {
    const { pool, address, insert } = await prepare(kind);
    await insert(-1);
    const rows = Array.from({ length: 3_000 }, (_, id) => [id, 'x'.repeat(100)]);
    await pool.query('INSERT INTO t VALUES ?', [rows]);
    const batches = await history(address, { kind: 'last', transactions: 1 }, { maxChunkBytes: 50_000 });
    expect(batches.filter(({ end }) => end === null).length).toBeGreaterThan(2);
    expect(shown(batches).join().replaceAll('…', '').split(',')).toEqual(rows.map(([id]) => String(id)));
  });

  it('says what the log does not have', async () => {
    const { pool, address, insert } = await prepare(kind);
    const { file } = await endOf(pool);
    await pool.query('FLUSH BINARY LOGS');
    await insert(1);
    const now = await endOf(pool);
    await purgeTo(pool, now.file);
    const refused = (from: BinlogCoordinates, to: BinlogCoordinates | null, message: RegExp): Promise<void> =>
      expect(history(address, { kind: 'range', from, to })).rejects.toMatchObject({
        code: 'HISTORY_NOT_FOUND',
        message: expect.stringMatching(message) as string,
      });
    await refused({ file, offset: 4 }, null, /is not in the binary log, which has \S+\.0+\d to/);
    await refused(now, { file: 'nonsense.000001', offset: 4 }, /nonsense\.000001:4 is not in/);
    await refused({ file: now.file, offset: 2 ** 31 }, null, /behind the end/);
    await refused({ file: now.file, offset: 5 }, null, /^no event begins at \S+:5; take one from SHOW BINLOG EVENTS/);
    expect(shown(await history(address, { kind: 'last', transactions: 100 }))).toEqual(['1']);
  });

  it('settles when it is aborted', async () => {
    const { pool, address, insert } = await prepare(kind);
    const from = await endOf(pool);
    await insert(1);
    const stop = new AbortController();
    const reading = history(
      address,
      { kind: 'range', from, to: null },
      { signal: stop.signal, onBatch: () => stop.abort() },
    );
    // It may have been at its end already.
    await reading.catch((error: unknown) => expect(error).toBe(stop.signal.reason));
    await expect(
      history(address, { kind: 'range', from, to: null }, { signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop');
  });
});

describe.each(['mysql', 'mariadb'] as const)('history by GTIDs on %s', (kind) => {
  it('gives these transactions and no others, across files', async () => {
    const { pool, address, insert } = await prepare(kind);
    for (const id of [1, 2, 3]) await insert(id);
    await pool.query('FLUSH BINARY LOGS');
    await insert(4);
    await pool.query('TRUNCATE t');
    const gtids = gtidsOf(await history(address, { kind: 'last', transactions: 5 }));
    expect(gtids).toHaveLength(5);
    const pick = async (...indexes: readonly number[]): Promise<string[]> =>
      shown(await history(address, { kind: 'gtids', set: indexes.map((index) => gtids[index]).join(', ') }));
    expect(await pick(0)).toEqual(['1']);
    expect(await pick(3)).toEqual(['4']);
    expect(await pick(1, 4)).toEqual(['2', 'truncate t']);
    expect(await pick(4, 1, 2, 1)).toEqual(['2', '3', 'truncate t']);
  });

  it('gives nothing for a transaction that changed nothing', async () => {
    const { pool, address, insert } = await prepare(kind);
    await insert(1);
    const [before] = gtidsOf(await history(address, { kind: 'last', transactions: 1 }));
    await pool.query('CREATE TABLE other (id INT)');
    const next = (before ?? '').replace(/\d+$/, (number) => String(Number(number) + 1));
    expect(await history(address, { kind: 'gtids', set: next })).toEqual([]);
  });

  it('says which it cannot give', async () => {
    const { pool, address, insert } = await prepare(kind);
    await insert(1);
    const [purged = ''] = gtidsOf(await history(address, { kind: 'last', transactions: 1 }));
    await pool.query('FLUSH BINARY LOGS');
    await insert(2);
    await purgeTo(pool, (await endOf(pool)).file);
    const unknown = purged.replace(/\d+$/, '4711');
    for (const [set, message] of [
      [purged, /has purged the binary log with|does not have/],
      [unknown, /never executed|does not have/],
      ['', /no GTID/],
      ['nonsense', /not a .*GTID/],
    ] as const) {
      await expect(history(address, { kind: 'gtids', set })).rejects.toMatchObject({
        code: 'HISTORY_NOT_FOUND',
        message: expect.stringMatching(message) as string,
      });
    }
  });
});

it('refuses GTIDs of a server that has none', async () => {
  const { address } = await prepare('mysql without GTIDs');
  const set = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1';
  await expect(history(address, { kind: 'gtids', set })).rejects.toMatchObject({
    code: 'HISTORY_NOT_FOUND',
    message: expect.stringContaining('has no GTIDs') as string,
  });
});

it('says that the source is away', async () => {
  const { address } = await prepare('mysql');
  await expect(history({ ...address, port: 1 }, { kind: 'last', transactions: 1 })).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
  });
});
