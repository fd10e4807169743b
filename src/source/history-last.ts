import type { BinlogCoordinates, Position } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import { readStretch, type StretchOptions, type StretchRange } from './history-stretch.ts';
import { FILE_START } from './log-files.ts';

export interface Log extends Pick<StretchRange, 'files' | 'names'> {
  /** Where it ends now. */
  readonly end: Position;
}

/** A transaction of a file. */
export interface Passed {
  readonly begin: BinlogCoordinates;
  readonly gtid: string | null;
  readonly hasChanges: boolean;
}

/**
 * Where the last `count` transactions with changes begin; null if there is none. Looks at the newest file first, and keeps nothing
 * but places, so memory does not depend on how large the transactions are; they are read again afterwards.
 */
export async function findLast(options: StretchOptions, log: Log, count: number): Promise<BinlogCoordinates | null> {
  let found: BinlogCoordinates[] = [];
  for (const file of filesBackwards(options, log)) {
    const begins: BinlogCoordinates[] = [];
    for await (const { begin, hasChanges } of file) {
      if (!hasChanges) continue;
      begins.push(begin);
      if (begins.length > count - found.length) begins.shift();
    }
    found = [...begins, ...found];
    if (found.length >= count) break;
  }
  return found[0] ?? null;
}

/** The transactions of each file, the newest file first, in each of them in commit order. */
export function* filesBackwards(
  options: StretchOptions,
  { end, files, names }: Log,
): Generator<AsyncIterable<Passed>, void, void> {
  let until = end.coordinates;
  for (const file of files.names.toReversed()) {
    const start = { file, offset: FILE_START };
    // Made by a rotation since we asked for the end.
    if (!files.isBefore(start, until)) continue;
    const from = { ...end, coordinates: start, gtidSet: null };
    yield transactionsOf(readStretch(options, { from, until, files, names }), start);
    until = start;
  }
}

async function* transactionsOf(
  batches: AsyncIterable<ChangeBatch>,
  start: BinlogCoordinates,
): AsyncGenerator<Passed, void, void> {
  let previousEnd = start;
  let begin: BinlogCoordinates | null = null;
  for await (const { changes, end } of batches) {
    begin ??= changes[0]?.transaction.begin ?? null;
    if (end === null) continue;
    const hasChanges = begin !== null;
    yield { begin: begin ?? previousEnd, gtid: end.gtids[0] ?? null, hasChanges };
    begin = null;
    previousEnd = end.coordinates;
  }
}
