import type { MysqlAddress } from '../runtime/config/config.ts';
import { openSession, text } from './session.ts';
import { toSourceError } from './source-errors.ts';

export interface TableColumns {
  readonly database: string;
  readonly name: string;
  /** In table order. */
  readonly columns: readonly string[];
}

/** Every base table the account can see, without the server's own schemas. Throws SOURCE_UNAVAILABLE. */
export async function readTables(address: MysqlAddress, timeoutMs: number): Promise<TableColumns[]> {
  try {
    const session = await openSession(address, timeoutMs);
    try {
      const rows = await session.query(
        `SELECT c.TABLE_SCHEMA AS d, c.TABLE_NAME AS t, c.COLUMN_NAME AS c
           FROM INFORMATION_SCHEMA.COLUMNS c
           JOIN INFORMATION_SCHEMA.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
          WHERE t.TABLE_TYPE = 'BASE TABLE'
            AND c.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
          ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`,
      );
      return group(rows.map((row) => ({ database: text(row, 'd'), name: text(row, 't'), column: text(row, 'c') })));
    } finally {
      session.close();
    }
  } catch (error) {
    throw toSourceError(error, address);
  }
}

function group(cells: readonly { database: string; name: string; column: string }[]): TableColumns[] {
  const tables: (TableColumns & { columns: string[] })[] = [];
  for (const { database, name, column } of cells) {
    const last = tables.at(-1);
    if (last?.database === database && last.name === name) last.columns.push(column);
    else tables.push({ database, name, columns: [column] });
  }
  return tables;
}
