import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { isRefusal } from './read-errors.ts';
import { missingBecause, type Missing } from './read-lost.ts';

/** A MySQL GTID (`uuid:7`, `uuid:tag:7`); MariaDB's (`0-1-7`) has no function to wait for on the server that wrote it. */
const MYSQL_GTID = /^[0-9a-f-]{36}:/i;
/** GTIDs a connection knows about: the invalidations of one transaction ask for the same one. */
const REMEMBERED = 256;

/** Of the transaction that a read is for; the other two: it will not become visible (read-lost.ts). */
export type Seen = 'visible' | Exclude<Missing, 'late'>;

/**
 * Reads that never miss the transaction they are made for.
 *
 * The trap: a server hands a transaction to its replicas *before* the storage engine commits it (MySQL manual, "Binary Log
 * Group Commit"; with semi-synchronous replication a round trip lies between). We are fast enough to read in that moment,
 * and would store the old row under the new version, for good.
 *
 * - With a MySQL GTID, `WAIT_FOR_EXECUTED_GTID_SET` waits: a GTID is executed when its rows are visible. It takes no locks,
 *   and serves a read replica too, which is waited for until it has applied the transaction.
 * - Without one, the read is a transaction at SERIALIZABLE: its rows are read with shared locks, so it waits until the
 *   committing transaction lets go of them. That holds on the source itself, not on a replica.
 */
export class ReadVisibility {
  /** By connection: behind one address there may be several replicas. The pool gives each out in ever new wrappers. */
  readonly #seen = new WeakMap<object, Map<string, Seen>>();

  /** Of the time that there is, half is for waiting. What is read where the transaction is not `visible` may be older than it. */
  async read<T>(
    connection: PoolConnection,
    { gtid, timeoutMs }: { readonly gtid: string | null; readonly timeoutMs: number },
    read: (connection: PoolConnection, seen: Seen) => Promise<T>,
  ): Promise<T> {
    if (gtid !== null && MYSQL_GTID.test(gtid))
      return read(connection, await this.#wait(connection, gtid, timeoutMs / 2));
    await connection.query('START TRANSACTION');
    let result: T;
    try {
      result = await read(connection, 'visible');
    } catch (error) {
      // Any other failure costs the connection; one that is late is still busy, and would let us wait for its end.
      if (isRefusal(error)) await connection.query('ROLLBACK');
      throw error;
    }
    await connection.query('COMMIT');
    return result;
  }

  async #wait(connection: PoolConnection, gtid: string, waitMs: number): Promise<Seen> {
    const remembered = this.#of(connection);
    const known = remembered.get(gtid);
    if (known !== undefined) return known;
    const [rows] = await connection.query<RowDataPacket[]>('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS late', [
      gtid,
      waitMs / 1000,
    ]);
    // Behind a gap a refresh would never stop waiting, and the flush that makes it good waits for it. Lookups do wait: row-lookup.ts.
    const seen = rows[0]?.['late'] === 0 ? 'visible' : await missingBecause(connection, gtid);
    if (seen === 'late') throw new Error(`transaction ${gtid} is not visible here after ${waitMs} ms`);
    remembered.set(gtid, seen);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return seen;
  }

  #of({ connection }: PoolConnection): Map<string, Seen> {
    const seen = this.#seen.get(connection) ?? new Map<string, Seen>();
    this.#seen.set(connection, seen);
    return seen;
  }
}
