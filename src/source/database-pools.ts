import { createPool, type Pool } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { clientOptions } from './connection-settings.ts';

export interface DatabasePoolsOptions {
  readonly address: MysqlAddress;
  /** Connections per database at most; who comes later waits for a free one. */
  readonly connections: number;
  readonly timeoutMs: number;
}

/** With more sharded databases than this, the pool that was not used for the longest time is closed. */
const MAX_POOLS = 32;

/**
 * A connection pool for each default database. Not one pool and `USE`: a prepared statement keeps the database that was
 * the default when it was prepared, and the client caches statements by their text alone.
 */
export class DatabasePools {
  readonly #options: DatabasePoolsOptions;
  /** The one used last stands last. */
  readonly #pools = new Map<string, Pool>();

  constructor(options: DatabasePoolsOptions) {
    this.#options = options;
  }

  of(database: string): Pool {
    const pool = this.#pools.get(database) ?? this.#create(database);
    this.#pools.delete(database);
    this.#pools.set(database, pool);
    const [oldest] = this.#pools;
    if (this.#pools.size > MAX_POOLS && oldest !== undefined) {
      this.#pools.delete(oldest[0]);
      // A read that still waits there fails as unavailable, and its repetition opens the pool anew. An error of closing
      // concerns connections nobody uses any more.
      oldest[1].end().catch(() => undefined);
    }
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    this.#pools.clear();
  }

  #create(database: string): Pool {
    const { address, connections, timeoutMs } = this.#options;
    const pool = createPool({ ...clientOptions({ ...address, database }, timeoutMs), connectionLimit: connections });
    // A connection is handed out only after what was asked of it before, so the time zone always stands.
    pool.pool.on('connection', (connection) => {
      // SERIALIZABLE: a read inside a transaction waits for whoever holds the row (src/source/read-visibility.ts).
      connection.query('SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE', () => undefined);
      connection.query("SET SESSION time_zone='+00:00'", () => undefined);
    });
    return pool;
  }
}
