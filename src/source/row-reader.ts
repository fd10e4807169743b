import type { FieldPacket, PoolConnection } from 'mysql2/promise';
import { parseJson } from '../model/json-text.ts';
import type { JsonValue } from '../model/row-change.ts';
import type { RowQuery, RowReader } from '../ports.ts';
import { fullTime, typeOf } from './column-text.ts';
import { COLUMN_TYPE } from './column-type.ts';
import { PooledReads, toParameter, type PooledReadsOptions } from './pooled-reads.ts';

export type MysqlRowReaderOptions = PooledReadsOptions;

type ReadRow = Readonly<Record<string, JsonValue>>;

const TIMES: ReadonlySet<number> = new Set([COLUMN_TYPE.time, COLUMN_TYPE.datetime, COLUMN_TYPE.timestamp]);

/** Runs the refresh queries as prepared statements in a session with time zone UTC, so texts equal the canonical ones. */
export class MysqlRowReader implements RowReader {
  readonly #reads: PooledReads;
  readonly #timeoutMs: number;

  constructor(options: MysqlRowReaderOptions) {
    this.#reads = new PooledReads(options);
    this.#timeoutMs = options.timeoutMs;
  }

  read(query: RowQuery): Promise<readonly ReadRow[] | null> {
    return this.#reads.run({ ...query, timeoutMs: this.#timeoutMs }, async (connection, seen) =>
      seen === 'visible' ? execute(connection, query) : null,
    );
  }

  async close(): Promise<void> {
    await this.#reads.close();
  }
}

async function execute(connection: PoolConnection, { sql, parameters }: RowQuery): Promise<ReadRow[]> {
  const [rows, fields] = await connection.execute(sql, parameters.map(toParameter));
  if (!Array.isArray(rows)) return [];
  const byName = new Map(fields.map((field) => [field.name, field]));
  return (rows as Record<string, unknown>[]).map((row) => toJsonRow(row, byName));
}

function toJsonRow(row: Record<string, unknown>, fields: ReadonlyMap<string, FieldPacket>): ReadRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toJson(value, fields.get(name))]));
}

/** The same JSON values as those of a row image (docs/types.md). */
function toJson(value: unknown, field: FieldPacket | undefined): JsonValue {
  if (value === null || value === undefined) return null;
  const type = field === undefined ? 0 : typeOf(field);
  if (Buffer.isBuffer(value)) return type === COLUMN_TYPE.bit ? bitToJson(value) : value.toString('hex');
  if (type === COLUMN_TYPE.json && typeof value === 'string') return parseJson(value);
  if (type === COLUMN_TYPE.float && typeof value === 'number') return Number(value.toPrecision(6));
  if (TIMES.has(type) && field !== undefined) return fullTime(value as string, field);
  return value as JsonValue;
}

function bitToJson(bytes: Buffer): JsonValue {
  const number = BigInt(`0x${bytes.toString('hex') || '0'}`);
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number.toString();
}
