import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { onTestFinished } from 'vitest';
import { readAddresses, type Addresses } from '../../deploy/local/services.ts';
import { SluiceProcess } from '../../deploy/local/sluice-process.ts';

let counter = 0;
/** Unique in this run and, with the process id, on servers that other runs share. */
export const uniqueName = (prefix: string): string =>
  `${prefix}_${process.pid}_${Date.now().toString(36)}_${counter++}`;

/** For requests that change something. */
export const ADMIN_TOKEN = 'admin-token-of-the-tests';

export type SqlServer = 'mysql' | 'mysqlNoGtid' | 'mariadb';

export interface ShopOptions {
  readonly server?: SqlServer;
  /** Another MySQL address than a shared server's. */
  readonly mysqlUrl?: string;
  readonly rules?: unknown;
  /** Merged over the configuration's top level. */
  readonly config?: Record<string, unknown>;
  readonly kafka?: boolean;
}

/**
 * One test's own shop: a database, a key prefix, a topic and a folder with the daemon's files. Everything it makes is
 * taken away when the test ends, daemons first.
 */
export class Shop {
  readonly database = uniqueName('shop');
  readonly prefix = `${this.database}:`;
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  readonly topic = `sluice.${this.database}`;
  readonly mysql: Pool;
  readonly redis: Redis;
  readonly addresses: Addresses;
  readonly mysqlUrl: string;
  readonly #daemons: SluiceProcess[] = [];

  private constructor(addresses: Addresses, options: ShopOptions) {
    this.addresses = addresses;
    this.mysqlUrl = options.mysqlUrl ?? addresses[options.server ?? 'mysql'].url;
    this.mysql = createPool({ uri: this.mysqlUrl, connectionLimit: 6, timezone: 'Z', dateStrings: true });
    this.redis = new Redis(addresses.redis.url);
  }

  static async open(options: ShopOptions = {}): Promise<Shop> {
    const shop = new Shop((await readAddresses()) as Addresses, options);
    onTestFinished(() => shop.close(), 60_000);
    await shop.mysql.query(`CREATE DATABASE ${shop.database}`);
    await shop.mysql.query(
      `CREATE TABLE ${shop.database}.products (id INT PRIMARY KEY, category_id INT NOT NULL, name VARCHAR(60) NOT NULL, stock INT NOT NULL)`,
    );
    shop.write('rules.yaml', options.rules ?? shop.defaultRules());
    shop.write('sluice.yaml', { ...shop.defaultConfig(options), ...options.config });
    return shop;
  }

  get table(): string {
    return `${this.database}.products`;
  }

  get configPath(): string {
    return join(this.folder, 'sluice.yaml');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** JSON is YAML. Text is written as it is. */
  write(name: string, content: unknown): void {
    writeFileSync(join(this.folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  defaultRules(): unknown {
    return {
      rules: [
        { name: 'product', table: this.table, keys: [`${this.prefix}product:{id}`], action: 'delete' },
        {
          name: 'category-lists',
          table: this.table,
          columns: ['category_id'],
          keys: [`${this.prefix}category:{category_id}:products`],
          action: 'delete',
        },
      ],
    };
  }

  defaultConfig(options: ShopOptions): Record<string, unknown> {
    const kafka = {
      kind: 'kafka',
      brokers: this.addresses.kafka.brokers,
      topic: this.topic,
      group: `${this.topic}.group`,
      partitions: 12,
      replication_factor: 1,
    };
    return {
      name: this.database.replaceAll('_', '-'),
      rules: 'rules.yaml',
      source: { url: this.mysqlUrl },
      targets: [{ name: 'main', url: this.addresses.redis.url }],
      // A flush looks at every key of the server, which other tests use too: pacing has a test of its own.
      apply: { flush_keys_per_second: 1_000_000 },
      ...(options.kafka === true ? { transport: kafka } : {}),
      checkpoint: { interval: '100ms' },
      admin: { port: 0, token: ADMIN_TOKEN },
    };
  }

  /** Starts `sluice <command>`; it is killed when the test ends. */
  start(command: string, ...args: string[]): SluiceProcess {
    const daemon = new SluiceProcess({ args: [command, '--config', this.configPath, ...args] });
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Starts and waits for `/readyz`. */
  async ready(command: string): Promise<SluiceProcess> {
    const daemon = this.start(command);
    await daemon.ready();
    return daemon;
  }

  async insertProducts(count: number): Promise<void> {
    for (let first = 1; first <= count; first += 5000) {
      const rows = Array.from({ length: Math.min(5000, count - first + 1) }, (_, index) => [
        first + index,
        5,
        'name',
        0,
      ]);
      await this.mysql.query(`INSERT INTO ${this.table} VALUES ?`, [rows]);
    }
  }

  /** Reads the row while it is locked and stores it before the lock goes: such a fill is never late. */
  async fillLocked(id: number): Promise<void> {
    const connection = await this.mysql.getConnection();
    try {
      await connection.beginTransaction();
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT stock FROM ${this.table} WHERE id = ? FOR UPDATE`,
        [id],
      );
      if (rows[0] !== undefined) await this.redis.set(`${this.prefix}product:${id}`, String(rows[0]['stock']));
      await connection.commit();
    } finally {
      connection.release();
    }
  }

  /** Cached products whose value is not their row's. */
  async staleProducts(): Promise<string[]> {
    const [rows] = await this.mysql.query<RowDataPacket[]>(`SELECT id, stock FROM ${this.table}`);
    const stocks = new Map(rows.map((row) => [`${this.prefix}product:${String(row['id'])}`, String(row['stock'])]));
    const stale: string[] = [];
    for (const key of await this.keys('product:*')) {
      const cached = await this.redis.get(key);
      if (cached !== null && cached !== stocks.get(key)) stale.push(`${key}: cached ${cached}, row ${stocks.get(key)}`);
    }
    return stale;
  }

  async keys(pattern: string): Promise<string[]> {
    return this.#scan(`${this.prefix}${pattern}`);
  }

  async #scan(match: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of this.redis.scanStream({ match, count: 1000 })) {
      keys.push(...(page as string[]));
    }
    return [...new Set(keys)];
  }

  async close(): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon.stop('SIGKILL')));
    // Versions too: they would make every flush of later tests look at them.
    const keys = [...(await this.keys('*')), ...(await this.#scan(`sluice:*${this.database}*`))];
    for (let i = 0; i < keys.length; i += 1000) await this.redis.unlink(keys.slice(i, i + 1000));
    this.redis.disconnect();
    await this.mysql.query(`DROP DATABASE IF EXISTS ${this.database}`);
    await this.mysql.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
