import type { BinlogCoordinates, Position, Start } from '../model/position.ts';
import { SluiceError } from '../runtime/errors.ts';
import { readLogEnd } from './log-end.ts';
import { readServerFacts, type ServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

/** The position a start means on this server. */
export async function locate(session: Session, start: Start): Promise<Position> {
  switch (start.kind) {
    case 'now':
      return locateNow(session);
    case 'earliest':
      return locateEarliest(session);
    case 'coordinates':
      return { ...identity(await readServerFacts(session)), coordinates: start.coordinates, gtidSet: null };
    case 'gtid_set':
      // The server finds the file that belongs to the set and says so when the stream begins.
      return {
        ...identity(await readServerFacts(session)),
        coordinates: { file: '', offset: 4 },
        gtidSet: start.gtidSet,
      };
  }
}

/** The end of the log now: everything committed before is in it, everything after comes in the stream. */
async function locateNow(session: Session): Promise<Position> {
  const facts = await readServerFacts(session);
  // One statement gives file, offset and set together, so they belong to the same moment.
  const { coordinates, executed } = await readLogEnd(session, facts);
  requireLog(coordinates);
  if (facts.flavour === 'mariadb') return mariadbPosition(session, facts, coordinates);
  return { ...identity(facts), coordinates, gtidSet: facts.gtids ? executed : null };
}

/** Before the oldest transaction that is still in the log. */
async function locateEarliest(session: Session): Promise<Position> {
  const facts = await readServerFacts(session);
  const [row] = await session.query('SHOW BINARY LOGS');
  // The first four bytes of a file are its magic number.
  const coordinates = { file: text(row, 'Log_name'), offset: 4 };
  requireLog(coordinates);
  if (facts.flavour === 'mariadb') return mariadbPosition(session, facts, coordinates);
  const [purged] = await session.query('SELECT @@GLOBAL.gtid_purged AS gtids');
  const gtidSet = facts.gtids ? text(purged, 'gtids').replace(/\s/g, '') : null;
  return { ...identity(facts), coordinates, gtidSet };
}

async function mariadbPosition(
  session: Session,
  facts: ServerFacts,
  coordinates: BinlogCoordinates,
): Promise<Position> {
  const { file, offset } = coordinates;
  const [row] = await session.query('SELECT BINLOG_GTID_POS(?, ?) AS gtids', [file, offset]);
  return { ...identity(facts), coordinates, gtidSet: text(row, 'gtids') };
}

function identity({ flavour, serverUuid }: ServerFacts): Pick<Position, 'flavour' | 'serverUuid'> {
  return { flavour, serverUuid };
}

function requireLog({ file }: BinlogCoordinates): void {
  if (file === '') throw new SluiceError('PREFLIGHT_FAILED', 'the source writes no binary log: start it with log_bin');
}
