import { createConnection } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, type Problem } from '../runtime/errors.ts';
import { clientOptions, describe } from './connection-settings.ts';
import { connectionProblem } from './preflight-connection.ts';

export interface PreflightQueriesOptions {
  /** The server that refresh queries are read from. */
  readonly address: MysqlAddress;
  readonly timeoutMs: number;
  readonly queries: readonly { readonly rule: string; readonly sql: string }[];
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
    for (const { rule, sql } of queries) {
      try {
        await (await connection.prepare(sql)).close();
      } catch (error) {
        problems.push({
          rule,
          message: `rule \`${rule}\`: ${describe(address)} refuses the refresh query: ${errorMessage(error)}`,
          remedy: 'Mend the query, or give the account SELECT on its tables. Name tables as `database.table`.',
        });
      }
    }
    return problems;
  } finally {
    connection.destroy();
  }
}
