import { createConnection } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, type Problem } from '../runtime/errors.ts';
import { clientOptions, describe } from './connection-settings.ts';
import { connectionProblem } from './preflight-connection.ts';
import { errorCode } from './source-errors.ts';

export interface PreflightQueriesOptions {
  /** The server that refresh queries are read from. */
  readonly address: MysqlAddress;
  readonly timeoutMs: number;
  readonly queries: readonly { readonly rule: string; readonly sql: string; readonly database: string | null }[];
}

/**
 * Lets the server prepare each refresh query, which tells of wrong SQL, unknown tables and columns and a missing SELECT
 * privilege, and runs none of them. No connection is made when there is no query.
 */
export async function preflightQueries(options: PreflightQueriesOptions): Promise<(Problem & { rule?: string })[]> {
  const { address, timeoutMs, queries } = options;
  if (queries.length === 0) return [];
  let connection;
  try {
    connection = await createConnection(clientOptions(address, timeoutMs));
  } catch (error) {
    return [connectionProblem(address, error)];
  }
  try {
    const problems: (Problem & { rule: string })[] = [];
    for (const { rule, sql, database } of queries) {
      try {
        if (database !== null) await connection.changeUser({ database });
        await (await connection.prepare(sql)).close();
      } catch (error) {
        // A rule for many databases: which one a bare table name means is known only when a row has changed.
        if (database === null && errorCode(error) === 'ER_NO_DB_ERROR') continue;
        problems.push({
          rule,
          message: `rule \`${rule}\`: ${describe(address)} refuses the refresh query: ${errorMessage(error)}`,
          remedy: 'Mend the query, or give the account SELECT on its tables.',
        });
      }
    }
    return problems;
  } finally {
    connection.destroy();
  }
}
