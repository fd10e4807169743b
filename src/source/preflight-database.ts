import type { MysqlAddress } from '../runtime/config/config.ts';
import { errorMessage, type Problem } from '../runtime/errors.ts';
import { errorCode } from './source-errors.ts';

/**
 * The default database of an address. A connection that names one is refused when the account may not use it, which
 * would hide everything else; so the checks connect without, and ask for it here.
 */
export async function databaseProblems(
  query: (sql: string, parameters: readonly string[]) => Promise<unknown>,
  { database, user }: MysqlAddress,
): Promise<Problem[]> {
  if (database === null) return [];
  try {
    await query('USE ??', [database]);
    return [];
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ER_BAD_DB_ERROR' && code !== 'ER_DBACCESS_DENIED_ERROR') throw error;
    if (code === 'ER_BAD_DB_ERROR') {
      return [
        {
          message: `the database \`${database}\` does not exist`,
          remedy: 'Correct the name at the end of the URL, or leave it out: rules and queries name their tables.',
        },
      ];
    }
    return [
      {
        message: `the account '${user}' may not use the database \`${database}\`: ${errorMessage(error)}`,
        remedy: `GRANT SELECT ON \`${database}\`.* TO '${user}'@'…';`,
      },
    ];
  }
}
