import type { BinlogCoordinates } from '../model/position.ts';
import { parseGtidSet } from '../model/gtid-set.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { filesBackwards, type Log } from './history-last.ts';
import type { StretchOptions } from './history-stretch.ts';
import type { ServerFacts } from './server-facts.ts';
import { text, type Session } from './session.ts';

/** Transactions that somebody asked for by their GTIDs. */
export interface WantedGtids {
  readonly count: number;
  has(gtid: string): boolean;
  /** Every other transaction of the server; null where a dump cannot begin that way. */
  readonly others: string | null;
  notFound(): SluiceError;
}

/** Throws HISTORY_NOT_FOUND for what the server never executed, or has purged. */
export async function mysqlGtids(session: Session, { gtids }: ServerFacts, set: string): Promise<WantedGtids> {
  if (!gtids) throw notFound('the source has no GTIDs (gtid_mode is not ON): name a range of the binary log instead');
  const wanted = read(() => parseGtidSet('mysql', set));
  if (wanted.isEmpty()) throw notFound('no GTID is asked for');
  const canonical = wanted.toString();
  const [row] = await session.query(
    `SELECT GTID_SUBTRACT(?, @@GLOBAL.gtid_executed) AS unknown_ones,
            GTID_SUBTRACT(?, GTID_SUBTRACT(?, @@GLOBAL.gtid_purged)) AS purged,
            GTID_SUBTRACT(@@GLOBAL.gtid_executed, ?) AS others`,
    [canonical, canonical, canonical, canonical],
  );
  const cell = (name: string): string => text(row, name).replace(/\s/g, '');
  if (cell('unknown_ones') !== '') throw notFound(`the source never executed ${cell('unknown_ones')}`);
  if (cell('purged') !== '') throw notFound(`the source has purged the binary log with ${cell('purged')}`);
  return {
    count: countOf(canonical),
    has: (gtid) => wanted.contains(gtid),
    others: cell('others'),
    // Executed and not purged, so it is there; unless it was purged while we read.
    notFound: () => notFound(`the binary log does not have all of ${canonical}`),
  };
}

export function mariadbGtids(set: string): WantedGtids {
  const wanted = new Set(
    set
      .split(',')
      .map((gtid) => gtid.trim())
      .filter((gtid) => gtid !== ''),
  );
  for (const gtid of wanted) read(() => parseGtidSet('mariadb', gtid));
  if (wanted.size === 0) throw notFound('no GTID is asked for');
  return {
    count: wanted.size,
    has: (gtid) => wanted.has(gtid),
    others: null,
    notFound: () => notFound(`the binary log does not have all of ${[...wanted].join(', ')}`),
  };
}

/** Where the first of them begins. Looks at the newest file first, and only as far back as it must. */
export async function findGtids(options: StretchOptions, log: Log, wanted: WantedGtids): Promise<BinlogCoordinates> {
  let first: BinlogCoordinates | null = null;
  let left = wanted.count;
  for (const file of filesBackwards(options, log)) {
    let firstHere: BinlogCoordinates | null = null;
    for await (const { begin, gtid } of file) {
      if (gtid === null || !wanted.has(gtid)) continue;
      firstHere ??= begin;
      left -= 1;
    }
    first = firstHere ?? first;
    if (left === 0 && first !== null) return first;
  }
  throw wanted.notFound();
}

function countOf(canonical: string): number {
  const intervals = canonical.match(/(?<=:)\d+(?:-\d+)?(?=[:,]|$)/g) ?? [];
  return intervals.reduce((sum, interval) => {
    const [first = '', last = first] = interval.split('-');
    return sum + Number(last) - Number(first) + 1;
  }, 0);
}

function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw notFound(errorMessage(error));
  }
}

function notFound(message: string): SluiceError {
  return new SluiceError('HISTORY_NOT_FOUND', message);
}
