import type { BinlogCoordinates } from '../model/position.ts';
import { isAtLeast, type ServerFacts } from './server-facts.ts';
import { text, type ResultRow, type Session } from './session.ts';

/** Where the log ends now; an empty file name where none is written. */
export interface LogEnd {
  readonly coordinates: BinlogCoordinates;
  /** MySQL: @@gtid_executed of the same moment. */
  readonly executed: string;
}

export async function readLogEnd(session: Session, facts: ServerFacts): Promise<LogEnd> {
  const [row] = await session.query(statusStatement(facts));
  return {
    coordinates: { file: text(row, 'File'), offset: Number(text(row, 'Position')) },
    executed: executedIn(row, facts),
  };
}

function executedIn(row: ResultRow | undefined, { flavour }: ServerFacts): string {
  return flavour === 'mysql' ? text(row, 'Executed_Gtid_Set').replace(/\s/g, '') : '';
}

/** The name of the statement changed with MySQL 8.2; the old one is gone since 8.4. */
function statusStatement({ flavour, version }: ServerFacts): string {
  return flavour === 'mysql' && isAtLeast(version, [8, 2, 0]) ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
}
