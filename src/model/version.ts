/**
 * The version of a row change: a hybrid logical clock in microseconds that grows with commit order.
 *
 * base of a transaction = max(version of the last change before it + 1, its commit time in µs);
 * version of row i       = base + i, where i counts **every** row change and table change of the transaction, matched by a rule or not,
 *                          so that editing the rules does not change the versions a replay assigns.
 *
 * The last assigned version is part of the checkpoint: a replay assigns the same versions, and a failover to a server
 * with a slow clock never goes back. A safe integer until the year 2255, so Lua's doubles compare it exactly.
 */
export type Version = number;

/** The version before the first row change ever seen. */
export const NO_VERSION: Version = 0;

/** The version of the first change of a transaction. */
export function firstVersion(previous: Version, commitTimeUs: number): Version {
  return Math.max(previous + 1, commitTimeUs);
}
