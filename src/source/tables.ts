import type { MysqlAddress } from '../runtime/config/config.ts';
import { openSession, text, type ResultRow } from './session.ts';
import { toSourceError } from './source-errors.ts';

export interface TableDescription {
  readonly database: string;
  readonly name: string;
  /** In table order. */
  readonly columns: readonly ColumnDescription[];
  /** Names of the primary key's columns in key order; empty if the table has none. */
  readonly primaryKey: readonly string[];
  /** MariaDB: it keeps the rows that were. */
  readonly isSystemVersioned: boolean;
}

export interface ColumnDescription {
  readonly name: string;
  /** In lower case and without lengths: `varchar`, `int`. */
  readonly dataType: string;
  /** As the server declares it: `varchar(20)`, `int unsigned`. */
  readonly columnType: string;
  readonly nullable: boolean;
  /** Null: it is no text. */
  readonly collation: string | null;
}

const OWN = "('mysql', 'sys', 'information_schema', 'performance_schema')";

const COLUMNS = `SELECT c.TABLE_SCHEMA AS d, c.TABLE_NAME AS t, c.COLUMN_NAME AS c, LOWER(c.DATA_TYPE) AS data_type,
         LOWER(c.COLUMN_TYPE) AS column_type, c.IS_NULLABLE AS nullable, c.COLLATION_NAME AS collation_name,
         t.TABLE_TYPE = 'SYSTEM VERSIONED' AS versioned
    FROM INFORMATION_SCHEMA.COLUMNS c
    JOIN INFORMATION_SCHEMA.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
   WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND c.TABLE_SCHEMA NOT IN ${OWN}
   ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`;

/** Not COLUMN_KEY: that says PRI also of a unique index where there is no primary key. */
const PRIMARY_KEYS = `SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, COLUMN_NAME AS c
    FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE
   WHERE CONSTRAINT_NAME = 'PRIMARY' AND TABLE_SCHEMA NOT IN ${OWN}
   ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`;

/** Every base table the account can see, without the server's own schemas. Throws SOURCE_UNAVAILABLE. */
export async function readTables(address: MysqlAddress, timeoutMs: number): Promise<TableDescription[]> {
  try {
    const session = await openSession(address, timeoutMs);
    try {
      const columns = await session.query(COLUMNS);
      const keys = byTable(await session.query(PRIMARY_KEYS));
      return [...byTable(columns).entries()].map(([table, cells]) => ({
        database: text(cells[0], 'd'),
        name: text(cells[0], 't'),
        columns: cells.map(toColumn),
        primaryKey: (keys.get(table) ?? []).map((cell) => text(cell, 'c')),
        isSystemVersioned: text(cells[0], 'versioned') === '1',
      }));
    } finally {
      session.close();
    }
  } catch (error) {
    throw toSourceError(error, address);
  }
}

const VIEWS = `SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_SCHEMA NOT IN ${OWN}`;

/** Every view the account can see: a query may read one, and no row of it ever changes. Throws SOURCE_UNAVAILABLE. */
export async function readViews(
  address: MysqlAddress,
  timeoutMs: number,
): Promise<Pick<TableDescription, 'database' | 'name'>[]> {
  try {
    const session = await openSession(address, timeoutMs);
    try {
      const views = await session.query(VIEWS);
      return views.map((row) => ({ database: text(row, 'd'), name: text(row, 't') }));
    } finally {
      session.close();
    }
  } catch (error) {
    throw toSourceError(error, address);
  }
}

function toColumn(row: ResultRow): ColumnDescription {
  return {
    name: text(row, 'c'),
    dataType: text(row, 'data_type'),
    columnType: text(row, 'column_type'),
    nullable: text(row, 'nullable') === 'YES',
    collation: text(row, 'collation_name') || null,
  };
}

/** In the order of the rows. */
function byTable(rows: readonly ResultRow[]): Map<string, ResultRow[]> {
  const tables = new Map<string, ResultRow[]>();
  for (const row of rows) {
    const table = `${text(row, 'd')}\0${text(row, 't')}`;
    const cells = tables.get(table);
    if (cells === undefined) tables.set(table, [row]);
    else cells.push(row);
  }
  return tables;
}
