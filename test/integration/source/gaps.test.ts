/** What a dump does not tell: a log that was begun anew under it, and transactions that a failover has lost. */
import type { Pool } from 'mysql2/promise';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startMysql } from '../../../deploy/local/services.ts';
import type { Position, ResumePoint } from '../../../src/model/position.ts';
import type { ChangeBatch } from '../../../src/model/row-change.ts';
import { PositionTracker } from '../../../src/model/position-tracker.ts';
import type { MysqlChangeSource } from '../../../src/source/mysql-change-source.ts';
import { openDatabase, openSource, startAtNow, toAddress } from './fixture.ts';

const KINDS = {
  'MySQL with GTIDs': { flavour: 'mysql', flags: [] },
  'MySQL without GTIDs': { flavour: 'mysql', flags: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] },
  MariaDB: { flavour: 'mariadb', flags: [] },
} as const;
type Kind = keyof typeof KINDS;

async function throwaway(kind: Kind) {
  const server = await startMysql(KINDS[kind]);
  onTestFinished(() => server.remove());
  const address = toAddress({ host: server.host, port: server.port, user: 'root', password: 'sluice' });
  const { pool } = await openDatabase(address);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT)');
  const reset = () => pool.query(KINDS[kind].flavour === 'mysql' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
  return { pool, reset, open: () => openSource({ address }).source };
}

const write = async (pool: Pool, times: number): Promise<void> => {
  for (let time = 0; time < times; time++) await pool.query('INSERT INTO t VALUES ()');
};

/** A source that reads in the background, and where it stands. */
class Reading {
  readonly batches: ChangeBatch[] = [];
  readonly failure: Promise<unknown>;
  readonly #stop = new AbortController();
  readonly #tracker: PositionTracker;

  constructor(source: MysqlChangeSource, from: ResumePoint) {
    this.#tracker = new PositionTracker(from);
    this.failure = this.#read(source, from).then(
      () => 'stopped',
      (error: unknown) => error,
    );
    onTestFinished(() => this.#stop.abort());
  }

  async saw(transactions: number): Promise<void> {
    const count = (): number => this.batches.reduce((sum, { changes }) => sum + changes.length, 0);
    await vi.waitFor(() => expect(count()).toBeGreaterThanOrEqual(transactions), { timeout: 20_000, interval: 20 });
  }

  async stop(): Promise<ResumePoint> {
    this.#stop.abort();
    await this.failure;
    return this.#tracker.resumePoint();
  }

  async #read(source: MysqlChangeSource, from: ResumePoint): Promise<void> {
    for await (const batch of source.changes(from, this.#stop.signal)) {
      this.batches.push(batch);
      if (batch.end !== null) this.#tracker.advance(batch.end);
    }
  }
}

describe.each(Object.keys(KINDS) as Kind[])('a log that is begun anew, on %s', (kind) => {
  it('is noticed while it is read, and after it has grown beyond our place', async () => {
    const { pool, reset, open } = await throwaway(kind);
    const reading = new Reading(open(), await startAtNow(open()));
    await write(pool, 5);
    await reading.saw(5);
    await reset();
    await write(pool, 2);
    expect(await reading.failure).toMatchObject({ code: 'SOURCE_POSITION_GONE', reason: 'reset' });

    const later = new Reading(open(), await startAtNow(open()));
    await write(pool, 3);
    await later.saw(3);
    const place = await later.stop();
    expect(place.position.log?.fileBeganMs).toBeGreaterThan(0);
    // The header has whole seconds.
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan((place.position.log?.fileBeganMs ?? 0) + 1_000), 5_000);
    await reset();
    await write(pool, 60);
    const grown = new Reading(open(), place);
    expect(await grown.failure).toMatchObject({ code: 'SOURCE_POSITION_GONE', reason: 'reset' });
    expect(grown.batches).toEqual([]);
  });

  it('is not seen where there is none: a restart, a rotation and a reconnect continue', async () => {
    const { pool, open } = await throwaway(kind);
    const reading = new Reading(open(), await startAtNow(open()));
    await write(pool, 2);
    await reading.saw(2);
    await pool.query('FLUSH BINARY LOGS');
    await write(pool, 2);
    await reading.saw(4);
    const again = new Reading(open(), await reading.stop());
    await write(pool, 1);
    await again.saw(1);
    expect(again.batches.flatMap(({ changes }) => changes)).toHaveLength(1);
  });
});

describe('transactions that a failover lost', () => {
  const OTHER = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
  /** As if they had come from a server that is gone, and this replica had not got them. */
  const ahead = ({ position, ...rest }: ResumePoint): ResumePoint => ({
    ...rest,
    position: { ...position, gtidSet: `${position.gtidSet ?? ''},${OTHER}:1-2` } satisfies Position,
  });

  it('are lost when the server takes writes and no replica thread runs, and nothing is read before that is known', async () => {
    const { pool, open } = await throwaway('MySQL with GTIDs');
    const from = ahead(await startAtNow(open()));
    await write(pool, 1);
    const reading = new Reading(open(), from);
    const error = await reading.failure;
    expect(error).toMatchObject({ code: 'SOURCE_POSITION_GONE', reason: 'transactions_lost' });
    expect((error as Error).message).toContain(`${OTHER}:1-2`);
    expect(reading.batches).toEqual([]);
  });

  it('may still come to a server that only reads, until it is promoted without them', async () => {
    const { pool, open } = await throwaway('MySQL with GTIDs');
    const from = ahead(await startAtNow(open()));
    await pool.query('SET GLOBAL read_only = ON');
    const reading = new Reading(open(), from);
    await write(pool, 1);
    await reading.saw(1);
    await pool.query('SET GLOBAL read_only = OFF');
    expect(await reading.failure).toMatchObject({ reason: 'transactions_lost' });
  });

  it('are not lost when they come while it is looked at', async () => {
    const { pool, open } = await throwaway('MySQL with GTIDs');
    const from = ahead(await startAtNow(open()));
    const reading = new Reading(open(), from);
    const connection = await pool.getConnection();
    for (const number of [1, 2]) {
      await connection.query(`SET gtid_next='${OTHER}:${number}'`);
      await connection.query('BEGIN');
      await connection.query('COMMIT');
    }
    await connection.query("SET gtid_next='AUTOMATIC'");
    connection.release();
    await write(pool, 1);
    await reading.saw(1);
    expect(await reading.stop()).toMatchObject({ position: { gtidSet: expect.stringContaining(OTHER) as string } });
  });
});
