import { Redis } from 'ioredis';
import { createConnection, createPool, type Connection, type Pool, type RowDataPacket } from 'mysql2/promise';
import type { Addresses } from '../deploy/local/services.ts';

export const DATABASE = 'sluice_bench';
export const TABLE = `${DATABASE}.wide`;

export interface Coordinates {
  readonly file: string;
  readonly offset: number;
}

/** The servers and the one table of the benchmark: ten columns, as a row of a real application might have. */
export class Workload {
  readonly mysql: NonNullable<Addresses['mysql']>;
  readonly redisUrl: string;
  readonly redis: Redis;
  #connection: Connection;
  readonly #pool: Pool;

  private constructor(addresses: Pick<Addresses, 'mysql' | 'redis'>, connection: Connection) {
    if (addresses.mysql === undefined || addresses.redis === undefined)
      throw new Error('the bench needs MySQL and Redis');
    this.mysql = addresses.mysql;
    // A Redis database of the bench's own, so that DBSIZE counts its keys only.
    this.redisUrl = `${addresses.redis.url.replace(/\/\d*$/, '')}/10`;
    this.redis = new Redis(this.redisUrl);
    this.#connection = connection;
    this.#pool = createPool({ uri: addresses.mysql.url, connectionLimit: 8 });
  }

  static async create(addresses: Pick<Addresses, 'mysql' | 'redis'>): Promise<Workload> {
    const connection = await createConnection({ uri: addresses.mysql?.url ?? '', multipleStatements: true });
    const workload = new Workload(addresses, connection);
    await connection.query(`DROP DATABASE IF EXISTS ${DATABASE}; CREATE DATABASE ${DATABASE};
      CREATE TABLE ${TABLE} (id INT PRIMARY KEY, category_id INT NOT NULL, name VARCHAR(60) NOT NULL, price DECIMAL(10,2) NOT NULL,
        stock INT NOT NULL, active TINYINT NOT NULL, weight DOUBLE NOT NULL, created DATETIME NOT NULL, note VARCHAR(100), tag CHAR(8))`);
    return workload;
  }

  async insertRows(count: number): Promise<void> {
    for (let first = 1; first <= count; first += 5000) {
      const rows = Array.from({ length: Math.min(5000, count - first + 1) }, (_, index) => {
        const id = first + index;
        return [
          id,
          id % 100,
          `Product number ${id}`,
          '12.50',
          7,
          1,
          0.5,
          '2026-01-01 10:00:00',
          'a note of average length',
          'tag',
        ];
      });
      await this.#connection.query(`INSERT INTO ${TABLE} VALUES ?`, [rows]);
    }
  }

  /** One transaction per row, written by the server itself: the client would be the bottleneck. */
  async updateSingly(count: number): Promise<void> {
    await this.#connection.query(`DROP PROCEDURE IF EXISTS ${DATABASE}.singly;
      CREATE PROCEDURE ${DATABASE}.singly(IN amount INT) BEGIN DECLARE i INT DEFAULT 1;
        WHILE i <= amount DO UPDATE ${TABLE} SET stock = stock + 1 WHERE id = i; SET i = i + 1; END WHILE; END`);
    await this.#connection.query(`CALL ${DATABASE}.singly(?)`, [count]);
  }

  /** Statements that the server works off by itself. */
  async run(sql: string): Promise<void> {
    await this.#connection.query(sql);
  }

  /** One committed update of one row; resolves when COMMIT was answered. */
  async updateRow(id: number): Promise<void> {
    await this.#pool.query(`UPDATE ${TABLE} SET stock = stock + 1 WHERE id = ${id}`);
  }

  async fillKeys(count: number): Promise<void> {
    await this.redis.flushdb();
    for (let first = 1; first <= count; first += 5000) {
      const pairs: string[] = [];
      for (let id = first; id < first + 5000 && id <= count; id++) pairs.push(`row:${id}`, 'cached');
      await this.redis.mset(...pairs);
    }
  }

  /** How many there are, beside the few that Sluice keeps for itself. */
  async cachedKeys(): Promise<number> {
    const size = await this.redis.dbsize();
    if (size > 100) return size;
    return (await this.redis.keys('*')).filter((key) => !key.startsWith('sluice:')).length;
  }

  async coordinates(): Promise<Coordinates> {
    const [rows] = await this.#connection.query<RowDataPacket[]>('SHOW BINARY LOG STATUS');
    const { File: file, Position: offset } = rows[0] as { File: string; Position: number };
    return { file, offset: Number(offset) };
  }

  /** Before whatever is written next. */
  async executedGtids(): Promise<string> {
    const [rows] = await this.#connection.query<RowDataPacket[]>('SELECT @@GLOBAL.gtid_executed AS gtids');
    return String(rows[0]?.['gtids']).replaceAll('\n', '');
  }

  async close(): Promise<void> {
    await this.redis.flushdb();
    this.redis.disconnect();
    await this.#connection.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
    await this.#connection.end();
    await this.#pool.end();
  }
}
