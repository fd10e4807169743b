import type { BinlogCoordinates, Position } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import { formatCoordinates } from '../model/position.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { findGtids, mysqlGtids, mariadbGtids, type WantedGtids } from './history-gtids.ts';
import { findLast } from './history-last.ts';
import { requireEvent } from './history-place.ts';
import { readStretch, type StretchOptions, type StretchRange } from './history-stretch.ts';
import { locate } from './locate.ts';
import { FILE_START, LogFiles } from './log-files.ts';
import { readServerFacts } from './server-facts.ts';
import { openSession, type Session } from './session.ts';
import { toSourceError } from './source-errors.ts';

/** Which piece of the binary log is read. */
export type HistorySelection =
  /** The newest transactions that changed rows or tables. */
  | { readonly kind: 'last'; readonly transactions: number }
  /** Every transaction that begins at `from` or later and before `to`; null: the end of the log as it is now. */
  | { readonly kind: 'range'; readonly from: BinlogCoordinates; readonly to: BinlogCoordinates | null }
  /** These transactions: a GTID set of MySQL, or a list of GTIDs of MariaDB. */
  | { readonly kind: 'gtids'; readonly set: string };

export interface HistoryOptions extends StretchOptions {
  readonly selection: HistorySelection;
  readonly logger: Logger;
}

/**
 * A piece of the history of the source, in commit order: batches of one transaction each (a large one in several, as in the
 * stream), without the transactions that changed nothing. It ends by itself, at the latest where the log ended when it began, and
 * never waits for new events. `serverId` must be one of its own, or it would evict the daemon: `deriveServerId(name + '.explain',
 * host)`. The versions are those of a first start at the place.
 * Throws HISTORY_NOT_FOUND when the log does not have what was asked for, SOURCE_UNAVAILABLE, or SOURCE_DECODE.
 */
export async function* readHistory(options: HistoryOptions): AsyncGenerator<ChangeBatch, void, void> {
  options.signal.throwIfAborted();
  const found = await inSession(options, (session) => prepare(session, options.selection));
  const { names, files, selection } = found;
  const stretch = await stretchOf(options, found);
  if (stretch === null) return;
  options.logger.info({ from: stretch.from.gtidSet ?? stretch.from.coordinates, to: stretch.until }, 'reading history');
  const wanted = selection.kind === 'gtids' ? selection.wanted : null;
  let left = wanted?.count ?? Infinity;
  let isOpen = false;
  for await (const batch of readStretch(options, { ...stretch, names, files })) {
    const gtid = batch.changes[0]?.transaction.gtid ?? batch.end?.gtids[0] ?? null;
    const isWanted = wanted === null || (gtid !== null && wanted.has(gtid));
    if (!isWanted) continue;
    // The end of a transaction that came in parts matters even if it has no change of its own.
    if (batch.changes.length > 0 || isOpen) yield batch;
    isOpen = batch.end === null;
    if (batch.end !== null && gtid !== null && --left === 0) return;
  }
  if (wanted !== null) throw wanted.notFound();
}

interface Prepared {
  /** The end of the log now. */
  readonly end: Position;
  readonly files: LogFiles;
  readonly names: StretchRange['names'];
  readonly selection:
    Exclude<HistorySelection, { kind: 'gtids' }> | { readonly kind: 'gtids'; readonly wanted: WantedGtids };
}

async function prepare(session: Session, selection: HistorySelection): Promise<Prepared> {
  const end = await locate(session, { kind: 'now' });
  const names = await readServerFacts(session);
  const files = await LogFiles.of(session);
  if (selection.kind === 'range') {
    const from = startOf(selection.from);
    if (files.names.includes(from.file) && files.isBefore(from, end.coordinates)) await requireEvent(session, from);
  }
  if (selection.kind !== 'gtids') return { end, files, names, selection };
  const wanted =
    end.flavour === 'mysql' ? await mysqlGtids(session, names, selection.set) : mariadbGtids(selection.set);
  return { end, files, names, selection: { kind: 'gtids', wanted } };
}

/** Null: there is nothing to read. */
async function stretchOf(
  options: HistoryOptions,
  prepared: Prepared,
): Promise<Pick<StretchRange, 'from' | 'until'> | null> {
  const { end, files, selection } = prepared;
  const at = (coordinates: BinlogCoordinates): Position => ({ ...end, coordinates, gtidSet: null });
  switch (selection.kind) {
    case 'last': {
      const from = await findLast(options, prepared, selection.transactions);
      return from === null ? null : { from: at(from), until: end.coordinates };
    }
    case 'range': {
      const from = startOf(selection.from);
      files.require(from);
      if (selection.to !== null) files.require(selection.to);
      const until = files.earlier(selection.to ?? end.coordinates, end.coordinates);
      if (files.isBefore(end.coordinates, from)) {
        throw new SluiceError(
          'HISTORY_NOT_FOUND',
          `${formatCoordinates(from)} lies behind the end of the binary log, ${formatCoordinates(end.coordinates)}`,
        );
      }
      return files.isBefore(from, until) ? { from: at(from), until } : null;
    }
    case 'gtids': {
      const { wanted } = selection;
      // The server looks for them itself, if it is told that we have all others.
      if (wanted.others !== null)
        return { from: { ...end, coordinates: beginning(), gtidSet: wanted.others }, until: end.coordinates };
      return { from: at(await findGtids(options, prepared, wanted)), until: end.coordinates };
    }
  }
}

/** `:0` is how people write the beginning of a file. */
function startOf({ file, offset }: BinlogCoordinates): BinlogCoordinates {
  return { file, offset: Math.max(offset, FILE_START) };
}

/** The server finds the file and says so when the stream begins. */
const beginning = (): BinlogCoordinates => ({ file: '', offset: FILE_START });

async function inSession<T>(
  { address, connectTimeoutMs }: HistoryOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  try {
    const session = await openSession(address, connectTimeoutMs);
    try {
      return await use(session);
    } finally {
      session.close();
    }
  } catch (error) {
    throw toSourceError(error, address);
  }
}
