import type { FieldPacket, PoolConnection } from 'mysql2/promise';
import type { Flavour } from '../model/position.ts';
import type { LookupRequest, RowLookup } from '../ports.ts';
import { columnText } from './column-text.ts';
import { listsPerStatement, lookupStatement } from './lookup-statement.ts';
import { PooledReads, toParameter, type PooledReadsOptions } from './pooled-reads.ts';

type FoundRow = Readonly<Record<string, string | null>>;

const STOPPED =
  'the replication that could bring it is stopped: START REPLICA, or RESET REPLICA ALL if this is a source for good';

/** `timeoutMs` is for connecting; each request brings its own for waiting and reading. */
export type MysqlRowLookupOptions = PooledReadsOptions;

/**
 * Answers lookups as prepared statements in a session with time zone UTC, many lists of parameters in each. Values are
 * parameters, never text of the statement. Connects with the first lookup.
 */
export class MysqlRowLookup implements RowLookup {
  readonly #reads: PooledReads;
  /** Decides how real numbers are written; asked once. */
  #flavour: Flavour | null = null;

  constructor(options: MysqlRowLookupOptions) {
    this.#reads = new PooledReads(options);
  }

  async find(request: LookupRequest): Promise<readonly (readonly FoundRow[])[]> {
    if (request.parameters.length === 0) return [];
    return this.#reads.run(request, async (connection, seen) => {
      // Old answers would be keys that nobody deletes. Where it is lost there are no others; from here it may yet come.
      if (seen === 'stopped') throw new Error(`transaction ${request.gtid ?? ''} is not here, and ${STOPPED}`);
      this.#flavour ??= await flavourOf(connection);
      return findAll(connection, request, this.#flavour);
    });
  }

  async close(): Promise<void> {
    await this.#reads.close();
  }
}

async function flavourOf(connection: PoolConnection): Promise<Flavour> {
  const [rows] = await connection.query('SELECT VERSION() AS version');
  return /mariadb/i.test(JSON.stringify(rows)) ? 'mariadb' : 'mysql';
}

async function findAll(
  connection: PoolConnection,
  { sql, parameters }: LookupRequest,
  flavour: Flavour,
): Promise<FoundRow[][]> {
  const found: FoundRow[][] = [];
  while (found.length < parameters.length) {
    const from = found.length;
    const size = listsPerStatement(sql, parameters[from]?.length ?? 0, parameters.length - from);
    const values = parameters.slice(from, from + size).flatMap((list) => list.map(toParameter));
    const answers = Array.from({ length: size }, (): FoundRow[] => []);
    // As arrays: a column of the query may have the name of ours.
    const statement = { sql: lookupStatement(sql, size), rowsAsArray: true };
    const [rows, fields] = await connection.execute(statement, values);
    for (const row of rows as unknown[][]) answers[Number(row[0])]?.push(toTexts(row, fields, flavour));
    found.push(...answers);
  }
  return found;
}

function toTexts(row: readonly unknown[], fields: readonly FieldPacket[], flavour: Flavour): FoundRow {
  // Without a prototype: a column may be called `__proto__`.
  const texts = Object.create(null) as Record<string, string | null>;
  for (const [index, field] of fields.entries()) {
    if (index > 0) texts[field.name] = columnText(row[index], field, flavour);
  }
  return texts;
}
