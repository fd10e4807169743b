import { createHash } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { clientOptions } from './connection-settings.ts';
import { text, type ResultRow } from './session.ts';

/** The server refuses longer ones. */
const MAX_NAME = 64;

/** Of the name of a daemon. Locks belong to the whole server, not to a database. */
export function lockName(daemon: string): string {
  const name = `sluice:${daemon}`;
  if (name.length <= MAX_NAME) return name;
  return `sluice:${createHash('sha256').update(daemon).digest('hex').slice(0, 56)}`;
}

/**
 * A user lock of the source (GET_LOCK) on a connection of its own. The server lets go when the session ends: at once when the
 * socket is closed, else when it has heard nothing for `wait_timeout`, which is set short for this session alone.
 */
export class LeaseLock {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();
  readonly connectionId: number;

  private constructor(connection: Connection, options: { name: string; timeoutMs: number; connectionId: number }) {
    this.#connection = connection;
    this.#name = options.name;
    this.#timeoutMs = options.timeoutMs;
    this.connectionId = options.connectionId;
    for (const event of ['error', 'end']) connection.on(event, () => this.#closed.abort(new Error('connection lost')));
  }

  /** `timeoutMs` in whole seconds: what the server waits for us, and we for each of its answers. */
  static async open(address: MysqlAddress, name: string, timeoutMs: number): Promise<LeaseLock> {
    const connection = await createConnection(clientOptions({ ...address, database: null }, timeoutMs));
    const early = (): void => undefined;
    connection.on('error', early);
    try {
      const ask = { sql: 'SELECT CONNECTION_ID() AS id', timeout: timeoutMs };
      await connection.query({ sql: 'SET SESSION wait_timeout = ?', values: [timeoutMs / 1000], timeout: timeoutMs });
      const [rows] = await connection.query(ask);
      const connectionId = Number(text((rows as ResultRow[])[0], 'id'));
      const lock = new LeaseLock(connection, { name, timeoutMs, connectionId });
      connection.off('error', early);
      return lock;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  /** Aborted when the connection is gone, and the lock with it. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Waits so many seconds for it. To be called until it is true and not once more: locks stack. */
  async take(waitSeconds: number): Promise<boolean> {
    return text(await this.#row('SELECT GET_LOCK(?, ?) AS taken', [this.#name, waitSeconds]), 'taken') === '1';
  }

  /** The connection that has it. */
  async holder(): Promise<number | null> {
    const id = text(await this.#row('SELECT IS_USED_LOCK(?) AS id', [this.#name]), 'id');
    return id === '' ? null : Number(id);
  }

  /** Where that connection comes from. Without the privilege PROCESS the server shows those of our own account only. */
  async hostOf(connectionId: number): Promise<string> {
    const [rows] = await this.#query('SHOW PROCESSLIST', []);
    const row = (rows as ResultRow[]).find((each) => Number(text(each, 'Id')) === connectionId);
    return text(row, 'Host') || 'unknown';
  }

  /**
   * Lets go, so that the next one need not wait until the server notices that we are gone. May wait for ever: the client sends
   * nothing, and counts no time-out, behind a question that was not answered.
   */
  async release(): Promise<void> {
    try {
      await this.#query('DO RELEASE_LOCK(?)', [this.#name]);
    } catch {
      // The end of the connection does the same.
    }
  }

  destroy(): void {
    this.#closed.abort(new Error('closed'));
    this.#connection.destroy();
  }

  async #row(sql: string, values: readonly unknown[]): Promise<ResultRow | undefined> {
    const [rows] = await this.#query(sql, values);
    return (rows as ResultRow[])[0];
  }

  #query(sql: string, values: readonly unknown[]): ReturnType<Connection['query']> {
    return this.#connection.query({ sql, values: [...values], timeout: this.#timeoutMs });
  }
}
