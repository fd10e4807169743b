import type { Position } from '../model/position.ts';
import { SluiceError } from '../runtime/errors.ts';
import { readServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

/**
 * Refuses a server that cannot continue the position although its dump would begin without a complaint: another
 * server behind the same address, or one that lost its log. What the server itself checks (purged files and GTIDs,
 * offsets beyond the end) is left to it. Throws SOURCE_POSITION_GONE.
 */
export async function checkResume(session: Session, position: Position): Promise<void> {
  const facts = await readServerFacts(session);
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
  if (facts.flavour === 'mariadb') return;
  if (!facts.gtids) throw gone('the position is a GTID set, and the source no longer runs with gtid_mode=ON');
  await checkHistory(session, position.gtidSet, facts.serverUuid);
}

/**
 * The server must have what we have seen. A replica that became the source may still lack the newest transactions of
 * another server; but without its own, or without any of ours, its history is not the one we followed.
 */
async function checkHistory(session: Session, ours: string, serverUuid: string): Promise<void> {
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

function gone(message: string): SluiceError {
  return new SluiceError('SOURCE_POSITION_GONE', message);
}
