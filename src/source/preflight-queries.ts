import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { didYouMean } from '../runtime/config/did-you-mean.ts';
import { errorMessage, type Problem } from '../runtime/errors.ts';
import { clientOptions, describe } from './connection-settings.ts';
import { lookupStatement } from './lookup-statement.ts';
import { connectionProblem, type Section } from './preflight-connection.ts';
import { databaseProblems } from './preflight-database.ts';
import { errorCode } from './source-errors.ts';

export interface PreflightQueriesOptions {
  /** The server that refresh queries are read from. */
  readonly address: MysqlAddress;
  /** Where its address stands in the configuration. */
  readonly section: Section;
  readonly timeoutMs: number;
  readonly queries: readonly RuleQuery[];
}

export interface RuleQuery {
  readonly rule: string;
  readonly sql: string;
  /** Null for a rule about many databases. */
  readonly database: string | null;
  /** Set for the query of a lookup: the columns that its rows must have, as the rule writes them. */
  readonly lookup?: { readonly columns: readonly string[] };
}

/** A problem of a rule's query, or of the server. */
export type QueryProblem = Problem & { readonly rule?: string; readonly ofLookup?: boolean };

/**
 * Lets the server prepare each query of a rule, which tells of wrong SQL, unknown tables and columns and a missing SELECT
 * privilege, and runs none of them. No connection is made when there is no query.
 */
export async function preflightQueries(options: PreflightQueriesOptions): Promise<QueryProblem[]> {
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
    const problems: QueryProblem[] = [];
    // While no database is chosen: nothing unchooses one.
    for (const query of queries.filter(({ database }) => database === null)) {
      problems.push(...(await answered(prepare(connection, address, query), timeoutMs)));
    }
    const ask = (sql: string, values: readonly unknown[]) => connection.query(sql, [...values]);
    problems.push(...(await answered(databaseProblems(ask, address), timeoutMs)));
    for (const query of queries.filter(({ database }) => database !== null)) {
      problems.push(...(await answered(prepare(connection, address, query), timeoutMs)));
    }
    return problems;
  } catch (error) {
    return [connectionProblem(section, address, error)];
  } finally {
    connection.destroy();
  }
}

/** The client knows no time-out for PREPARE: on a link that went half-open a start would wait for ever, and say nothing. */
async function answered<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function prepare(connection: Connection, address: MysqlAddress, query: RuleQuery): Promise<QueryProblem[]> {
  const { rule, sql, database, lookup } = query;
  const ofLookup = lookup !== undefined;
  const problem = (message: string, remedy: string): QueryProblem[] => [
    { rule, ofLookup, message: `rule \`${rule}\`: ${message}`, remedy },
  ];
  try {
    if (database !== null) await connection.query('USE ??', [database]);
    await (await connection.prepare(sql)).close();
    if (lookup === undefined) return [];
    // As it will be run: two columns of one name are only refused there.
    const found = await columnsOf(connection, lookupStatement(sql, 1));
    return lookup.columns
      .filter((name) => !found.includes(name))
      .flatMap((name) =>
        problem(
          `the lookup finds no column \`${name}\``,
          didYouMean(name, found) ?? `It finds: ${found.join(', ')}. Give the column that name with AS.`,
        ),
      );
  } catch (error) {
    // A rule for many databases: which one a bare table name means is known only when a row has changed.
    if (database === null && errorCode(error) === 'ER_NO_DB_ERROR') return [];
    const what = ofLookup ? 'query of the lookup' : 'refresh query';
    return problem(
      `${describe(address)} refuses the ${what}: ${errorMessage(error)}`,
      'Mend the query, or give the account SELECT on its tables.',
    );
  }
}

/** Without ours, the first. */
async function columnsOf(connection: Connection, sql: string): Promise<string[]> {
  const prepared = await connection.prepare(sql);
  // Not in the client's types: what the server says of the result when it prepares it.
  const { columns } = (prepared as unknown as { statement: { columns: readonly { readonly name: string }[] } })
    .statement;
  const names = columns.map(({ name }) => name);
  await prepared.close();
  return names.slice(1);
}
