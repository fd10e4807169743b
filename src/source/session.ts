import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { clientOptions } from './connection-settings.ts';

/** A row of a result: column name → value, as text, number or null. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** A short-lived connection for questions to the source. */
export interface Session {
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly ResultRow[]>;
  close(): void;
}

/** Rejects with the client's own error if the server cannot be reached, or refuses us. */
export async function openSession(address: MysqlAddress, timeoutMs: number): Promise<Session> {
  const connection = await createConnection(clientOptions(address, timeoutMs));
  // Errors reach the query that waits; without a listener they would end the process as well.
  connection.on('error', () => undefined);
  return {
    query: (sql, parameters = []) => rowsOf(connection, sql, parameters, timeoutMs),
    close: () => {
      connection.destroy();
    },
  };
}

async function rowsOf(
  connection: Connection,
  sql: string,
  values: readonly unknown[],
  timeoutMs: number,
): Promise<readonly ResultRow[]> {
  const [rows] = await connection.query({ sql, values: [...values], timeout: timeoutMs });
  return Array.isArray(rows) ? (rows as ResultRow[]) : [];
}

/** Text of one cell; empty if it is NULL or not there. */
export function text(row: ResultRow | undefined, name: string): string {
  const value = row?.[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}
