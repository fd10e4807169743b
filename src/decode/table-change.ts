import type { TableOperation } from '../model/row-change.ts';
import { alterTable, type Touched } from './ddl/alter-table.ts';
import { Cursor, type NamedTable } from './ddl/cursor.ts';

/** A table whose rows a statement changed or removed without logging them. */
export interface TouchedTable {
  readonly operation: TableOperation;
  /** Null: any database, because its name cannot be read; `table` is then null too. */
  readonly database: string | null;
  /** Null: every table of the database. */
  readonly table: string | null;
}

/**
 * What a statement of a query event did to tables, each table and operation once, in the order of the statement; mostly
 * nothing. `schema` is the default database. The server has executed it: a statement about tables that cannot be read
 * is taken to concern every table of the default database, or of every database if there is no default one.
 */
export function touchedTables(statement: string, schema: string): readonly TouchedTable[] {
  const cursor = new Cursor(statement);
  // MariaDB: variables for one statement.
  if (cursor.take('SET') !== null) {
    if (cursor.take('STATEMENT') === null) return [];
    while (cursor.take('FOR') === null) if (cursor.skip() === null) return [];
  }
  const verb = cursor.take('TRUNCATE', 'DROP', 'RENAME', 'ALTER', 'CREATE', 'DELETE');
  switch (verb) {
    case 'TRUNCATE':
      cursor.take('TABLE');
      return inDatabase(listOf(cursor, 'truncate'), schema, 'truncate');
    case 'DROP':
      return drop(cursor, schema);
    case 'RENAME':
      return cursor.take('TABLE', 'TABLES') === null ? [] : inDatabase(renames(cursor), schema, 'rename');
    case 'ALTER':
      return alter(cursor, schema);
    case 'CREATE':
      return replace(cursor, schema);
    case 'DELETE':
      // The server writes it itself, after a restart: its MEMORY tables are empty.
      return cursor.take('FROM') === null ? [] : inDatabase(listOf(cursor, 'truncate'), schema, 'truncate');
    case null:
    default:
      return [];
  }
}

function drop(cursor: Cursor, schema: string): readonly TouchedTable[] {
  const what = cursor.take('TABLE', 'TABLES', 'DATABASE', 'SCHEMA');
  // Also DROP TEMPORARY TABLE: no row of such a table was ever logged.
  if (what === null) return [];
  cursor.takeIf();
  if (what === 'TABLE' || what === 'TABLES') return inDatabase(listOf(cursor, 'drop'), schema, 'drop');
  return wholeDatabase(cursor);
}

function alter(cursor: Cursor, schema: string): readonly TouchedTable[] {
  let ignore = false;
  for (let word = cursor.take('ONLINE', 'OFFLINE', 'IGNORE'); word !== null;) {
    ignore ||= word === 'IGNORE';
    word = cursor.take('ONLINE', 'OFFLINE', 'IGNORE');
  }
  return cursor.take('TABLE') === null ? [] : inDatabase(alterTable(cursor, ignore), schema, 'alter');
}

/** MariaDB's CREATE OR REPLACE drops what there was. */
function replace(cursor: Cursor, schema: string): readonly TouchedTable[] {
  if (cursor.take('OR') === null || cursor.take('REPLACE') === null) return [];
  const what = cursor.take('TABLE', 'DATABASE', 'SCHEMA');
  if (what === null) return [];
  cursor.takeIf();
  if (what !== 'TABLE') return wholeDatabase(cursor);
  const table = cursor.table();
  return inDatabase(table === null ? null : [{ ...table, operation: 'drop' }], schema, 'drop');
}

function wholeDatabase(cursor: Cursor): readonly TouchedTable[] {
  return [readable('drop', cursor.name() ?? '', null)];
}

/** `a, db.b`; null if there is none. */
function listOf(cursor: Cursor, operation: TableOperation): Touched[] | null {
  const touched: Touched[] = [];
  do {
    const table = cursor.table();
    if (table === null) return null;
    touched.push({ ...table, operation });
  } while (cursor.symbol(','));
  return touched;
}

/** `a TO b, c TO d`: after a swap each name means another table. */
function renames(cursor: Cursor): Touched[] | null {
  cursor.takeIf();
  const names: NamedTable[] = [];
  do {
    const from = cursor.table();
    cursor.takeWait();
    if (from === null || cursor.take('TO') === null) return null;
    const to = cursor.table();
    if (to === null) return null;
    names.push(from, to);
  } while (cursor.symbol(','));
  return names.map((name) => ({ ...name, operation: 'rename' }));
}

function inDatabase(
  touched: readonly Touched[] | null,
  schema: string,
  operation: TableOperation,
): readonly TouchedTable[] {
  if (touched === null) return [readable(operation, schema, null)];
  const tables = new Map<string, TouchedTable>();
  for (const each of touched) {
    const entry = readable(each.operation, each.database ?? schema, each.table);
    tables.set(JSON.stringify(entry), entry);
  }
  return [...tables.values()];
}

/**
 * A session with another character set than UTF-8 is logged in that one, and nobody can tell which: letters beyond ASCII arrive
 * as U+FFFD. Only the default database stands in the event by itself, in UTF-8; an empty name is no name.
 */
function readable(operation: TableOperation, database: string, table: string | null): TouchedTable {
  if (database === '' || database.includes('\ufffd')) return { operation, database: null, table: null };
  return { operation, database, table: table?.includes('\ufffd') === true ? null : table };
}
