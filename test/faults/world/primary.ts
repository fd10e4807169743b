import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';

/** The server that takes writes now, as the application knows it. After a fail-over it is another one. */
export class Primary {
  #url: string;
  #pool: Pool;

  constructor(url: string) {
    this.#url = url;
    this.#pool = open(url);
  }

  get url(): string {
    return this.#url;
  }

  /** From now on; what is open on the old one breaks. */
  async moveTo(url: string): Promise<void> {
    const old = this.#pool;
    this.#url = url;
    this.#pool = open(url);
    await old.end().catch(() => undefined);
  }

  async rows(sql: string, values: readonly unknown[] = []): Promise<RowDataPacket[]> {
    const [rows] = await this.#pool.query<RowDataPacket[]>(sql, [...values]);
    return rows;
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.#pool.query(sql, [...values]);
  }

  /** A connection whose transaction may have failed is not given to others. */
  async use<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await this.#pool.getConnection();
    try {
      const result = await work(connection);
      connection.release();
      return result;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => undefined);
  }
}

function open(uri: string): Pool {
  return createPool({ uri, connectionLimit: 48, timezone: 'Z', dateStrings: true, connectTimeout: 2_000 });
}
