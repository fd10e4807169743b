/**
 * Which errors of a statement waiting may mend. An error without SQLSTATE did not come from the server: the connection
 * broke, or nobody answered. Of the server's own the list names those about load, locks, limits and shutdown; whatever
 * else it says about a statement it will say again. Source: MySQL manual, "Server Error Message Reference".
 */
const MAY_PASS: ReadonlySet<number> = new Set([
  1021, // disk full
  1037, // out of memory
  1038, // out of sort memory
  1040, // too many connections
  1041, // out of resources
  1042, // cannot resolve our address
  1043, // bad handshake
  1045, // access denied when connecting: a password may be on its way to both sides
  1053, // shutdown in progress
  1077, // normal shutdown
  1079, // shutdown complete
  1129, // host blocked after many errors
  1158, // network: reading
  1159, // network: reading timed out
  1160, // network: writing
  1161, // network: writing timed out
  1203, // too many connections of this user
  1205, // lock wait timeout
  1206, // too many locks
  1213, // deadlock
  1226, // resources of this user used up
  1317, // interrupted (KILL QUERY)
  1615, // the statement must be prepared again
  1862, // password expired
  1927, // MariaDB: connection killed
  1969, // MariaDB: ran longer than max_statement_time
  3024, // ran longer than max_execution_time
  3572, // NOWAIT, and the row is locked
  3118, // account locked
  3159, // the server has come to demand TLS
  3168, // server not available
  4031, // closed for inactivity
]);

/** Connection exceptions, and transactions rolled back. */
const PASSING_STATES = ['08', '40'];

/** True when the statement can never succeed as it is. */
export function isRefusal(error: unknown): boolean {
  const { errno, sqlState } = (error ?? {}) as { errno?: unknown; sqlState?: unknown };
  if (typeof errno !== 'number' || typeof sqlState !== 'string') return false;
  return !MAY_PASS.has(errno) && !PASSING_STATES.includes(sqlState.slice(0, 2));
}
