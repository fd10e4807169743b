import type { Position } from '../model/position.ts';
import { SluiceError } from '../runtime/errors.ts';
import { readServerFacts, type ServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

/**
 * Refuses a server that cannot continue the position although its dump would begin without a complaint: another
 * server behind the same address, or one that lost its log. What the server itself checks (purged files and GTIDs,
 * offsets beyond the end) is left to it. Gives what it asked the server. Throws SOURCE_POSITION_GONE.
 */
export async function checkResume(session: Session, position: Position): Promise<ServerFacts> {
  const facts = await readServerFacts(session);
  await checkHistory(session, position, facts);
  return facts;
}

async function checkHistory(session: Session, position: Position, facts: ServerFacts): Promise<void> {
  if (facts.flavour !== position.flavour) {
    throw gone(`the position is of a ${position.flavour} server, and the source is ${facts.flavour} now`);
  }
  if (position.gtidSet === null) {
    if (facts.serverUuid !== position.serverUuid) {
      throw gone(
        `binlog coordinates only mean something on the server ${position.serverUuid}, and this is ${facts.serverUuid}`,
      );
    }
    return;
  }
  if (facts.flavour === 'mariadb') return checkMariadbHistory(session, position, facts.serverUuid);
  if (!facts.gtids) throw gone('the position is a GTID set, and the source no longer runs with gtid_mode=ON');
  return checkMysqlHistory(session, position.gtidSet, facts.serverUuid);
}

/**
 * The server must have what we have seen. A replica that became the source may still lack the newest transactions of
 * another server; but without its own, or without any of ours, its history is not the one we followed.
 */
async function checkMysqlHistory(session: Session, ours: string, serverUuid: string): Promise<void> {
  const [row] = await session.query(
    'SELECT GTID_SUBTRACT(?, @@GLOBAL.gtid_executed) AS missing, GTID_SUBTRACT(?, GTID_SUBTRACT(?, @@GLOBAL.gtid_executed)) AS shared',
    [ours, ours, ours],
  );
  const missing = text(row, 'missing').replace(/\s/g, '');
  if (missing === '') return;
  if (text(row, 'shared') === '') throw gone(`the source has none of the transactions we have seen (${ours})`);
  if (missing.toLowerCase().includes(serverUuid.toLowerCase())) {
    throw gone(`the source has lost transactions of its own that we have seen: ${missing}`);
  }
}

/**
 * A MariaDB server whose log was reset takes any position, and then leaves out what it writes until the numbers reach
 * it. So the server we followed must still know, for each domain, a number at least as high.
 */
async function checkMariadbHistory(
  session: Session,
  { gtidSet, serverUuid }: Position,
  uuidNow: string,
): Promise<void> {
  if (serverUuid !== uuidNow) return;
  const [row] = await session.query('SELECT @@GLOBAL.gtid_binlog_state AS state');
  const state = text(row, 'state').split(',').map(parseMariadbGtid);
  for (const ours of (gtidSet ?? '').split(',').filter((gtid) => gtid !== '')) {
    const { domainAndServer, sequence } = parseMariadbGtid(ours);
    const known = state.find((entry) => entry.domainAndServer === domainAndServer);
    if (known === undefined || known.sequence < sequence) {
      throw gone(`the source has lost transactions that we have seen: up to ${ours}`);
    }
  }
}

function parseMariadbGtid(gtid: string): { domainAndServer: string; sequence: bigint } {
  const [domain = '', server = '', sequence = '0'] = gtid.trim().split('-');
  return { domainAndServer: `${domain}-${server}`, sequence: BigInt(sequence || '0') };
}

function gone(message: string): SluiceError {
  return new SluiceError('SOURCE_POSITION_GONE', message);
}
