import type { BinlogCoordinates } from '../model/position.ts';
import { formatCoordinates } from '../model/position.ts';
import { SluiceError } from '../runtime/errors.ts';
import { text, type Session } from './session.ts';

/** ER_ERROR_WHEN_EXECUTING_COMMAND: no event can be read there. */
const NO_EVENT = 1220;

/**
 * Throws HISTORY_NOT_FOUND when no event begins at a place before the end of the log. A dump from there fails too, but says that a packet
 * is too large, or that the connection broke. A server that refuses to answer (a privilege) is believed.
 */
export async function requireEvent(session: Session, place: BinlogCoordinates): Promise<void> {
  const found = await positionAt(session, place);
  if (found === null || found === place.offset) return;
  throw new SluiceError(
    'HISTORY_NOT_FOUND',
    `no event begins at ${formatCoordinates(place)}; take one from SHOW BINLOG EVENTS IN '${place.file}'`,
  );
}

/** Where the event that the server reads there begins: MySQL goes on behind the head of a file. Null: it does not tell. */
async function positionAt(session: Session, { file, offset }: BinlogCoordinates): Promise<number | 'none' | null> {
  try {
    const [row] = await session.query('SHOW BINLOG EVENTS IN ? FROM ? LIMIT 1', [file, offset]);
    return row === undefined ? null : Number(text(row, 'Pos'));
  } catch (error) {
    return (error as { errno?: unknown } | null)?.errno === NO_EVENT ? 'none' : null;
  }
}
