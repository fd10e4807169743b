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

/** More than clocks differ, in µs. */
const CLOCKS_DIFFER_US = 3_600_000_000;

/**
 * The first version behind a gap. Those that nobody remembers were given by the clock of a source, and after a failover by one
 * that may have been fast: so it is ahead of the clock by more than clocks differ, and what comes after it counts on.
 */
export function versionBehindGap(previous: Version, nowMs: number): Version {
  return Math.max(previous + 1, Math.trunc(nowMs * 1000) + CLOCKS_DIFFER_US);
}

/** Greater than all that can have been given since `behindGap`: what has such a version has it from before the gap. */
export function lostAbove(behindGap: Version, nowMs: number): Version {
  return Math.max(behindGap, Math.trunc(nowMs * 1000)) + CLOCKS_DIFFER_US;
}
