import type { PoolConnection } from 'mysql2/promise';
import type { JsonValue } from '../model/row-change.ts';
import type { Clock } from '../ports.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { describe } from './connection-settings.ts';
import { DatabasePools } from './database-pools.ts';
import { isRefusal } from './read-errors.ts';
import { ReadVisibility, type Seen } from './read-visibility.ts';

export interface PooledReadsOptions {
  readonly address: MysqlAddress;
  /** Connections per database at most; reads beyond wait for a free one. */
  readonly connections: number;
  /** For connecting, and for a transaction to become visible. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** What a read has to be, beside its statement. */
export interface ReadRequest {
  /** The default database. */
  readonly database: string;
  /** The transaction it must show; null where the source has no GTIDs. */
  readonly gtid: string | null;
  /** For waiting and reading together. */
  readonly timeoutMs: number;
}

/** Connections for reads that never miss the transaction they are made for (read-visibility.ts), and never take longer than allowed. */
export class PooledReads {
  readonly #pools: DatabasePools;
  readonly #visibility = new ReadVisibility();
  readonly #options: PooledReadsOptions;

  constructor(options: PooledReadsOptions) {
    this.#options = options;
    this.#pools = new DatabasePools(options);
  }

  /** Throws READ_UNAVAILABLE or READ_REFUSED, whatever `use` throws. */
  async run<T>(request: ReadRequest, use: (connection: PoolConnection, seen: Seen) => Promise<T>): Promise<T> {
    let connection: PoolConnection | undefined;
    try {
      connection = await this.#pools.of(request.database).getConnection();
      const result = await this.#inTime(request.timeoutMs, this.#visibility.read(connection, request, use));
      connection.release();
      return result;
    } catch (error) {
      if (connection !== undefined) {
        if (isRefusal(error)) connection.release();
        else connection.destroy();
      }
      throw this.#toReadError(error);
    }
  }

  async close(): Promise<void> {
    await this.#pools.close();
  }

  /** Waiting for the transaction and reading, together: a server that froze answers neither. */
  async #inTime<T>(timeoutMs: number, reading: Promise<T>): Promise<T> {
    const done = new AbortController();
    const late = this.#options.clock.sleep(timeoutMs, done.signal).then(
      () => Promise.reject(new Error(`no answer within ${timeoutMs} ms`)),
      () => undefined as never,
    );
    try {
      return await Promise.race([reading, late]);
    } finally {
      done.abort();
    }
  }

  #toReadError(error: unknown): SluiceError {
    const code = isRefusal(error) ? 'READ_REFUSED' : 'READ_UNAVAILABLE';
    return new SluiceError(code, `${describe(this.#options.address)}: ${errorMessage(error)}`, { cause: error });
  }
}

/**
 * Whole numbers go as text: the client would send a double, which MySQL refuses for LIMIT, and compares a VARCHAR column
 * with number by number. The server turns the text into the type of the column it is compared with.
 */
export function toParameter(value: JsonValue): string | number | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : value;
  return JSON.stringify(value);
}
