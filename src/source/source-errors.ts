import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { PositionGone } from '../runtime/position-gone.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { describe } from './connection-settings.ts';

/** ER_SOURCE_FATAL_ERROR_READING_BINLOG: whatever ends a dump; only the text says what it was. */
const FATAL_READING_BINLOG = 1236;
/** MariaDB: ER_GTID_POSITION_NOT_FOUND_IN_BINLOG and its variant. */
const GTID_NOT_IN_BINLOG: readonly number[] = [1945, 1955];

/** Texts of 1236 that speak of our connection or of a setting, not of the position. */
const POSITION_IS_FINE = [
  /same server_uuid\/server_id/i,
  /max_allowed_packet/i,
  /checksum/i,
  /misconfigured master|server.id was not set/i,
];

/** The files or GTIDs behind the position are not there any more. Else: they are there, and are not those that we have read. */
const PURGED = /purged|find first log|find next log|is not in the (?:master|primary|source)'s binlog/i;

/** What ended an attempt, as one of ours: gone for good, or worth another attempt. */
export function toSourceError(error: unknown, address: MysqlAddress): SluiceError {
  if (error instanceof SluiceError) return error;
  const message = `${describe(address)}: ${errorMessage(error) || errorCode(error)}`;
  const number = (error as { errno?: unknown } | null)?.errno;
  const gone =
    (number === FATAL_READING_BINLOG && !POSITION_IS_FINE.some((pattern) => pattern.test(errorMessage(error)))) ||
    GTID_NOT_IN_BINLOG.some((code) => code === number);
  if (!gone) return new SluiceError('SOURCE_UNAVAILABLE', message, { cause: error });
  return new PositionGone(PURGED.test(message) ? 'purged' : 'reset', message, { cause: error });
}

/** Another connection with our server id (and so our name) has begun a dump, which ended ours. */
export function isEviction(error: unknown): boolean {
  return /same server_uuid\/server_id/i.test(errorMessage(error));
}

/** `ECONNREFUSED`, `ER_ACCESS_DENIED_ERROR`, …; empty if it has none. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
