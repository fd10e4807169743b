/** One test's own database on a real server, and a source that reads from it. */
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import {
  readAddresses,
  startMysql,
  testAccount,
  type SqlAddress,
  type ThrowawayMysql,
} from '../../../deploy/local/services.ts';
import { BinlogDecoder } from '../../../src/decode/binlog-decoder.ts';
import type { Position, ResumePoint } from '../../../src/model/position.ts';
import type { Change, ChangeBatch, Row, RowChange, TableChange } from '../../../src/model/row-change.ts';
import type { MysqlAddress } from '../../../src/runtime/config/config.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { MysqlChangeSource, type MysqlChangeSourceOptions } from '../../../src/source/mysql-change-source.ts';

export const SERVERS = ['mysql', 'mysqlNoGtid', 'mariadb'] as const;
export type ServerName = (typeof SERVERS)[number];

let counter = 0;
export const uniqueName = (prefix: string): string =>
  `${prefix}_${process.pid}_${Date.now().toString(36)}_${counter++}`;
const uniqueServerId = (): number => 100_000 + ((process.pid * 1000 + counter++) % 4_000_000_000);

export async function addressOf(server: ServerName): Promise<MysqlAddress> {
  const found = (await readAddresses())[server];
  if (found === undefined) throw new Error(`${server} is not running`);
  return toAddress(found);
}

export type SqlServer = ServerName | 'mariadb-11.8';

/** The shared servers, and a MariaDB 11.8 for the tests of a file. */
export function withNewerMariadb(): (server: SqlServer) => Promise<MysqlAddress> {
  let newer: ThrowawayMysql | null = null;
  beforeAll(async () => {
    newer = await startMysql({ flavour: 'mariadb-11.8' });
  });
  afterAll(() => newer?.remove());
  return (server) => {
    if (server !== 'mariadb-11.8') return addressOf(server);
    if (newer === null) throw new Error(`${server} is not running`);
    return Promise.resolve(toAddress({ host: newer.host, port: newer.port, ...testAccount }));
  };
}

export function toAddress({
  host,
  port,
  user,
  password,
}: Pick<SqlAddress, 'host' | 'port' | 'user' | 'password'>): MysqlAddress {
  return { host, port, user, password, database: null, tls: null };
}

/** A pool in UTC with a new database as its default; both go when the test ends. */
export async function openDatabase(address: MysqlAddress): Promise<{ pool: Pool; database: string }> {
  const database = uniqueName('source');
  const { host, port, user, password } = address;
  const admin = createPool({ host, port, user, password });
  await admin.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  const pool = createPool({
    host,
    port,
    user,
    password,
    database,
    dateStrings: true,
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    multipleStatements: true,
  });
  pool.on('connection', (connection) => connection.query("SET time_zone='+00:00'"));
  onTestFinished(async () => {
    await pool.end();
    await admin.query(`DROP DATABASE IF EXISTS ${database}`);
    await admin.end();
  });
  return { pool, database };
}

export interface TestSourceOptions extends Partial<MysqlChangeSourceOptions> {
  readonly address: MysqlAddress;
  readonly maxChunkBytes?: number;
  readonly maxHeldBytes?: number;
}

export function openSource({
  maxChunkBytes = 1_000_000,
  maxHeldBytes = maxChunkBytes,
  ...options
}: TestSourceOptions): {
  source: MysqlChangeSource;
  metrics: Metrics;
} {
  const metrics = new Metrics();
  const source = new MysqlChangeSource({
    pipeline: uniqueName('test'),
    serverId: uniqueServerId(),
    heartbeatMs: 500,
    connectTimeoutMs: 10_000,
    netWriteTimeoutMs: 60_000,
    maxBufferedBytes: 1_000_000,
    createDecoder: (from, context) => new BinlogDecoder({ from, maxChunkBytes, maxHeldBytes, ...context }),
    clock: systemClock,
    logger: silentLogger,
    metrics,
    ...options,
  });
  return { source, metrics };
}

export async function startAtNow(source: MysqlChangeSource): Promise<ResumePoint> {
  const position: Position = await source.locate({ kind: 'now' }, new AbortController().signal);
  return { position, lastVersion: 0 };
}

/** With rows as plain objects, which can be compared; a column that is not in the log is not in them. */
export const rowsOf = ({ changes }: { readonly changes: readonly Change[] }, database: string): RowChange[] =>
  changes
    .filter((change) => change.kind === 'row')
    .filter(({ table }) => table.database === database)
    .map((change) => ({ ...change, before: plain(change.before, change), after: plain(change.after, change) }));

function plain(row: Row | null, { table }: RowChange): Row | null {
  if (row === null) return null;
  return Object.fromEntries(
    table.columns.flatMap(({ name }) => (row[name] === undefined ? [] : [[name, row[name]] as const])),
  );
}

export const tableChangesOf = ({ changes }: { readonly changes: readonly Change[] }, database: string): TableChange[] =>
  changes.filter((change) => change.kind === 'table').filter((change) => change.database === database);

/** Row changes of one database until `enough` says so; the batches of other tests on the server are read too. */
export async function collect(
  source: MysqlChangeSource,
  from: ResumePoint,
  {
    database,
    enough,
    onBatch,
  }: {
    database: string;
    enough: (changes: readonly RowChange[]) => boolean;
    onBatch?: (batch: ChangeBatch) => unknown;
  },
): Promise<{ changes: RowChange[]; batches: ChangeBatch[] }> {
  const stop = new AbortController();
  const changes: RowChange[] = [];
  const batches: ChangeBatch[] = [];
  for await (const batch of source.changes(from, stop.signal)) {
    batches.push(batch);
    changes.push(...rowsOf(batch, database));
    await onBatch?.(batch);
    if (batch.end !== null && enough(changes)) break;
  }
  stop.abort();
  return { changes, batches };
}

/** Asks again, as fast as the answer comes, until it is true. The test's own time limit ends it. */
export async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
