import { formatCoordinates, type Position } from '../model/position.ts';
import { PositionGone } from '../runtime/position-gone.ts';
import { readLogEnd } from './log-end.ts';
import { LOOK_EVERY_MS, LOST_AFTER_MS, lostTransactions, type LostOptions } from './lost-transactions.ts';
import { readServerFacts, type ServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

/**
 * Refuses a server that cannot continue the position although its dump would begin without a complaint: another
 * server behind the same address, one that lost its log, or one that lost what we have seen. What the server itself checks
 * (purged files and GTIDs, offsets beyond the end) is left to it. Gives what it asked the server. Throws SOURCE_POSITION_GONE.
 */
export async function checkResume(session: Session, position: Position, options: LostOptions): Promise<ServerFacts> {
  const facts = await readServerFacts(session);
  if (facts.flavour !== position.flavour) {
    throw gone(`the position is of a ${position.flavour} server, and the source is ${facts.flavour} now`);
  }
  if (position.gtidSet === null && facts.serverUuid !== position.serverUuid) {
    throw gone(
      `binlog coordinates only mean something on the server ${position.serverUuid}, and this is ${facts.serverUuid}`,
    );
  }
  if (position.gtidSet !== null && !facts.gtids) {
    throw gone('the position is a GTID set, and the source no longer runs with gtid_mode=ON');
  }
  await checkContinuity(session, position, facts, options);
  return facts;
}

/**
 * The same server, later: does it still have what we have seen? A dump does not tell. MySQL goes on sending heartbeats from
 * a log that was reset, until the new one has grown beyond the old offset, and moves on to the new log's next file.
 */
export async function checkContinuity(
  session: Session,
  position: Position,
  facts: ServerFacts,
  options: LostOptions,
): Promise<void> {
  // First the numbers: they say more about what is wrong.
  if (position.gtidSet !== null) {
    if (facts.flavour === 'mariadb') await checkMariadbHistory(session, position, facts.serverUuid, options);
    else await checkMysqlHistory(session, position.gtidSet, facts, options);
  }
  const sameLog = position.gtidSet === null || position.log?.serverUuid === facts.serverUuid;
  if (sameLog && position.coordinates.file !== '') await checkEnd(session, position, facts);
}

/** A log only grows. */
async function checkEnd(session: Session, { coordinates }: Position, facts: ServerFacts): Promise<void> {
  const { coordinates: end } = await readLogEnd(session, facts);
  const shorter =
    end.file === coordinates.file
      ? end.offset < coordinates.offset
      : numberOf(end.file) !== null && (numberOf(end.file) ?? 0) < (numberOf(coordinates.file) ?? 0);
  if (!shorter) return;
  throw new PositionGone(
    'reset',
    `the log of the source ends at ${formatCoordinates(end)}, before what we have read: ${formatCoordinates(coordinates)}`,
  );
}

/** `binlog.000012` → 12. */
function numberOf(file: string): number | null {
  const digits = /\.(\d+)$/.exec(file)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * The server must have what we have seen. A replica that became the source may still lack the newest transactions of
 * another server; but without its own, or without any of ours, its history is not the one we followed.
 */
async function checkMysqlHistory(
  session: Session,
  ours: string,
  { serverUuid, version }: ServerFacts,
  options: LostOptions,
): Promise<void> {
  const missing = await lostTransactions(session, { ours, serverUuid, version }, options);
  if (missing.kind === 'none') return;
  const { gtids } = missing;
  if (missing.kind === 'own') {
    throw new PositionGone('reset', `the source has lost transactions of its own that we have seen: ${gtids}`);
  }
  if (missing.kind === 'all') throw gone(`the source has none of the transactions we have seen (${ours})`);
  throw new PositionGone(
    'transactions_lost',
    `the source lacks transactions that we have seen, takes writes, and no replica thread brings them: ${gtids}`,
  );
}

/**
 * A MariaDB server whose log was reset takes any position, and then leaves out what it writes until the numbers reach
 * it. So the server we followed must still know, for each domain, a number at least as high. Numbers of another server may
 * still come for a while: we have followed that one meanwhile, and this one was its replica.
 */
async function checkMariadbHistory(
  session: Session,
  { gtidSet, serverUuid }: Position,
  uuidNow: string,
  { clock, signal }: LostOptions,
): Promise<void> {
  if (serverUuid !== uuidNow) return;
  const ours = (gtidSet ?? '').split(',').filter((gtid) => gtid !== '');
  for (const beganMs = clock.monotonicMs(); ;) {
    const missing = await missingOnMariadb(session, ours, uuidNow);
    if (missing === undefined) return;
    if (!missing.mayCome || clock.monotonicMs() - beganMs >= LOST_AFTER_MS) {
      throw new PositionGone('reset', `the source has lost transactions that we have seen: up to ${missing.gtid}`);
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** The first one that cannot come any more, else the first. A server that knows nothing of a domain is no replica in it. */
async function missingOnMariadb(
  session: Session,
  ours: readonly string[],
  uuidNow: string,
): Promise<{ readonly gtid: string; readonly mayCome: boolean } | undefined> {
  const [row] = await session.query('SELECT @@GLOBAL.gtid_binlog_state AS state');
  const state = text(row, 'state').split(',').map(parseMariadbGtid);
  const missing = ours.flatMap((gtid) => {
    const { domain, server, sequence } = parseMariadbGtid(gtid);
    const known = state.filter((entry) => entry.domain === domain);
    if (known.some((entry) => entry.server === server && entry.sequence >= sequence)) return [];
    return [{ gtid, mayCome: server !== uuidNow && known.length > 0 }];
  });
  return missing.find(({ mayCome }) => !mayCome) ?? missing[0];
}

interface MariadbGtid {
  readonly domain: string;
  readonly server: string;
  readonly sequence: bigint;
}

function parseMariadbGtid(gtid: string): MariadbGtid {
  const [domain = '', server = '', sequence = '0'] = gtid.trim().split('-');
  return { domain, server, sequence: BigInt(sequence || '0') };
}

function gone(message: string): PositionGone {
  return new PositionGone('other_server', message);
}
