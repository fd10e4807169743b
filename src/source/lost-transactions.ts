import type { Clock } from '../ports.ts';
import { isAtLeast } from './server-facts.ts';
import { text, type Session } from './session.ts';

export interface LostOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Transactions that we have seen and the server lacks. `own`: it once had them itself; `all`: it has none of ours;
 * `never`: of another server, and nobody brings them. `none` also while a replica that is behind still gets them.
 */
export type Lost = { readonly kind: 'none' } | { readonly kind: 'own' | 'all' | 'never'; readonly gtids: string };

const NONE: Lost = { kind: 'none' };

/**
 * In the middle of a promotion a server may take writes for a moment while its replica threads stand still. So it must look as
 * if they were lost for this long; nothing is read meanwhile.
 */
export const LOST_AFTER_MS = 10_000;
export const LOOK_EVERY_MS = 1_000;

export async function lostTransactions(
  session: Session,
  server: { readonly ours: string; readonly serverUuid: string; readonly version: string },
  { clock, signal }: LostOptions,
): Promise<Lost> {
  const { ours, serverUuid, version } = server;
  for (const beganMs = clock.monotonicMs(); ;) {
    const { missing, shared } = await compare(session, ours);
    if (missing === '') return NONE;
    if (missing.toLowerCase().includes(serverUuid.toLowerCase())) return { kind: 'own', gtids: missing };
    if (shared === '') return { kind: 'all', gtids: missing };
    if ((await replicationOf(session, version)) === 'runs') return NONE;
    if (clock.monotonicMs() - beganMs >= LOST_AFTER_MS) return { kind: 'never', gtids: missing };
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** `missing` without what is being committed: a transaction is sent to replicas before the server counts it as executed. */
async function compare(session: Session, ours: string): Promise<{ missing: string; shared: string }> {
  // Owned first: what is committed in between is then in the second answer.
  const [owned] = await session.query('SELECT @@GLOBAL.gtid_owned AS owned');
  const committing = text(owned, 'owned').replace(/#\d+/g, '');
  const [row] = await session.query(
    'SELECT GTID_SUBTRACT(GTID_SUBTRACT(?, @@GLOBAL.gtid_executed), ?) AS missing, GTID_SUBTRACT(?, GTID_SUBTRACT(?, @@GLOBAL.gtid_executed)) AS shared',
    [ours, committing, ours, ours],
  );
  return { missing: text(row, 'missing').replace(/\s/g, ''), shared: text(row, 'shared') };
}

/**
 * How a server gets the transactions of others. `runs`: they may still come, also where it takes no writes; `stopped`: it takes
 * writes, has channels, and none of their threads runs or tries to connect; `none`: it takes writes and has no channel.
 */
export type Replication = 'runs' | 'stopped' | 'none';

export async function replicationOf(session: Pick<Session, 'query'>, version: string): Promise<Replication> {
  const [modes] = await session.query(
    'SELECT @@GLOBAL.read_only AS read_only, @@GLOBAL.super_read_only AS super_read_only',
  );
  if (text(modes, 'read_only') !== '0' || text(modes, 'super_read_only') !== '0') return 'runs';
  const isNew = isAtLeast(version, [8, 0, 22]);
  const channels = await session.query(isNew ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS');
  if (channels.length === 0) return 'none';
  const threads = isNew ? ['Replica_IO_Running', 'Replica_SQL_Running'] : ['Slave_IO_Running', 'Slave_SQL_Running'];
  return channels.every((channel) => threads.every((thread) => text(channel, thread) === 'No')) ? 'stopped' : 'runs';
}
