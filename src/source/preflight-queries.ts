import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, type Problem } from '../runtime/errors.ts';
import { clientOptions, describe } from './connection-settings.ts';
import { connectionProblem, type Section } from './preflight-connection.ts';
import { databaseProblems } from './preflight-database.ts';
import { errorCode } from './source-errors.ts';

export interface PreflightQueriesOptions {
  /** The server that refresh queries are read from. */
  readonly address: MysqlAddress;
  /** Where its address stands in the configuration. */
  readonly section: Section;
  readonly timeoutMs: number;
  readonly queries: readonly RefreshQuery[];
}

interface RefreshQuery {
  readonly rule: string;
  readonly sql: string;
  /** Null for a rule about many databases. */
  readonly database: string | null;
}

/**
 * Lets the server prepare each refresh query, which tells of wrong SQL, unknown tables and columns and a missing SELECT
 * privilege, and runs none of them. No connection is made when there is no query.
 */
export async function preflightQueries(options: PreflightQueriesOptions): Promise<(Problem & { rule?: string })[]> {
  const { address, section, timeoutMs, queries } = options;
  if (queries.length === 0) return [];
  let connection;
  try {
    connection = await createConnection(clientOptions({ ...address, database: null }, timeoutMs));
  } catch (error) {
    return [connectionProblem(section, address, error)];
  }
  // Errors reach the query that waits; without a listener they would end the process as well.
  connection.on('error', () => undefined);
  try {
    const problems: (Problem & { rule?: string })[] = [];
    // While no database is chosen: nothing unchooses one.
    for (const query of queries.filter(({ database }) => database === null)) {
      problems.push(...(await prepare(connection, address, query)));
    }
    problems.push(...(await databaseProblems((sql, values) => connection.query(sql, [...values]), address)));
    for (const query of queries.filter(({ database }) => database !== null)) {
      problems.push(...(await prepare(connection, address, query)));
    }
    return problems;
  } catch (error) {
    return [connectionProblem(section, address, error)];
  } finally {
    connection.destroy();
  }
}

async function prepare(
  connection: Connection,
  address: MysqlAddress,
  { rule, sql, database }: RefreshQuery,
): Promise<(Problem & { rule: string })[]> {
  try {
    if (database !== null) await connection.query('USE ??', [database]);
    await (await connection.prepare(sql)).close();
    return [];
  } catch (error) {
    // A rule for many databases: which one a bare table name means is known only when a row has changed.
    if (database === null && errorCode(error) === 'ER_NO_DB_ERROR') return [];
    return [
      {
        rule,
        message: `rule \`${rule}\`: ${describe(address)} refuses the refresh query: ${errorMessage(error)}`,
        remedy: 'Mend the query, or give the account SELECT on its tables.',
      },
    ];
  }
}
