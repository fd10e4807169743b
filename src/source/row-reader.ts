import type { PoolConnection } from 'mysql2/promise';
import { parseJson } from '../model/json-text.ts';
import type { JsonValue } from '../model/row-change.ts';
import type { Clock, RowQuery, RowReader } from '../ports.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { describe } from './connection-settings.ts';
import { DatabasePools } from './database-pools.ts';
import { isRefusal } from './read-errors.ts';
import { ReadVisibility } from './read-visibility.ts';

export interface MysqlRowReaderOptions {
  readonly address: MysqlAddress;
  /** Connections at most; reads beyond wait for a free one. */
  readonly connections: number;
  /** For connecting, and again for each statement. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

type ReadRow = Readonly<Record<string, JsonValue>>;

/** Column types in a result's description, as numbers of the protocol. */
const TYPE = { float: 4, bit: 16, json: 245 } as const;

/** Runs the refresh queries as prepared statements in a session with time zone UTC, so texts equal the canonical ones. */
export class MysqlRowReader implements RowReader {
  readonly #pools: DatabasePools;
  readonly #visibility: ReadVisibility;
  readonly #options: MysqlRowReaderOptions;

  constructor(options: MysqlRowReaderOptions) {
    this.#options = options;
    this.#pools = new DatabasePools(options);
    this.#visibility = new ReadVisibility({ timeoutMs: options.timeoutMs });
  }

  async read(query: RowQuery): Promise<readonly ReadRow[]> {
    let connection: PoolConnection | undefined;
    try {
      connection = await this.#pools.of(query.database).getConnection();
      const rows = await this.#inTime(
        this.#visibility.read(connection, query.gtid, (visible) => this.#execute(visible, query)),
      );
      connection.release();
      return rows;
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
  async #inTime<T>(reading: Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const done = new AbortController();
    const late = clock.sleep(timeoutMs, done.signal).then(
      () => Promise.reject(new Error(`no answer within ${timeoutMs} ms`)),
      () => undefined as never,
    );
    try {
      return await Promise.race([reading, late]);
    } finally {
      done.abort();
    }
  }

  async #execute(connection: PoolConnection, { sql, parameters }: RowQuery): Promise<ReadRow[]> {
    const [rows, fields] = await connection.execute(sql, parameters.map(toParameter));
    if (!Array.isArray(rows)) return [];
    const types = new Map(fields.map((field) => [field.name, field.type ?? field.columnType ?? 0]));
    return (rows as Record<string, unknown>[]).map((row) => toJsonRow(row, types));
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
function toParameter(value: JsonValue): string | number | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : value;
  return JSON.stringify(value);
}

function toJsonRow(row: Record<string, unknown>, types: ReadonlyMap<string, number>): ReadRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toJson(value, types.get(name) ?? 0)]));
}

/** The same JSON values as those of a row image (docs/types.md). */
function toJson(value: unknown, type: number): JsonValue {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return type === TYPE.bit ? bitToJson(value) : value.toString('hex');
  if (type === TYPE.json && typeof value === 'string') return parseJson(value);
  if (type === TYPE.float && typeof value === 'number') return Number(value.toPrecision(6));
  return value as JsonValue;
}

function bitToJson(bytes: Buffer): JsonValue {
  const number = BigInt(`0x${bytes.toString('hex') || '0'}`);
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number.toString();
}
