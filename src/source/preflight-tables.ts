import type { Problem } from '../runtime/errors.ts';
import type { ServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

const SYSTEM = "TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')";

/**
 * Columns whose rows would stop the line. Only tables that the account can see are found; the decoder stops at the
 * others when their rows come.
 */
export async function tableProblems(session: Session, { flavour }: ServerFacts): Promise<Problem[]> {
  if (flavour === 'mysql') return [];
  const names = await columnsWhere(session, "COLUMN_TYPE LIKE '%mariadb-5.3%'");
  return names.map((name) => ({
    message: `${name} has the date format of MariaDB 5.3, which the log does not describe`,
    remedy: `ALTER TABLE ${name.split('.').slice(0, 2).join('.')} FORCE;`,
  }));
}

async function columnsWhere(session: Session, condition: string): Promise<string[]> {
  const rows = await session.query(
    `SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, COLUMN_NAME AS c FROM INFORMATION_SCHEMA.COLUMNS
      WHERE ${SYSTEM} AND ${condition} ORDER BY 1, 2, 3 LIMIT 20`,
  );
  return rows.map((row) => `${text(row, 'd')}.${text(row, 't')}.${text(row, 'c')}`);
}
