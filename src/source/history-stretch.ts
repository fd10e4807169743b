import type { BinlogCoordinates, Position } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import type { Clock } from '../ports.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { SluiceError } from '../runtime/errors.ts';
import { BinlogStream } from './binlog-stream.ts';
import type { DecoderFactory, NameFolding } from './decoder.ts';
import type { LogFiles } from './log-files.ts';
import { replicaUuid } from './server-id.ts';
import { SingleTransactions } from './single-transactions.ts';
import { toSourceError } from './source-errors.ts';

export interface StretchOptions {
  readonly address: MysqlAddress;
  readonly serverId: number;
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly netWriteTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly createDecoder: DecoderFactory;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How soon the server says that nothing more is coming. */
const HEARTBEAT_MS = 1_000;
/** Events have offsets of 32 bits: in a larger file they tell nothing any more. */
const LAST_OFFSET = 2 ** 32 - 1;

/**
 * Reads the log from a position on until everything that begins before `until` was given: batches of one transaction each,
 * empty ones and heartbeats too. `until` is nothing that is still to come, so it ends by itself: the end of the log moves past
 * it, with a transaction or with the heartbeat of a server that has no more. One connection, no second attempt.
 * Throws HISTORY_NOT_FOUND when the server does not have the position, SOURCE_UNAVAILABLE, or SOURCE_DECODE.
 */
export async function* readStretch(
  options: StretchOptions,
  { from, until, files, names }: StretchRange,
): AsyncGenerator<ChangeBatch, void, void> {
  const { createDecoder, signal } = options;
  signal.throwIfAborted();
  const start = { position: from, lastVersion: 0 };
  const stream = new BinlogStream({
    ...options,
    heartbeatMs: HEARTBEAT_MS,
    replicaUuid: replicaUuid(options.name, options.serverId),
    from: start,
    decoder: new SingleTransactions(createDecoder(start, names)),
    onStreaming: () => undefined,
  });
  try {
    stream.start();
    for (let done = false; !done;) {
      const batch = await stream.next();
      const begin = batch.changes[0]?.transaction.begin;
      if (begin !== undefined && !files.isBefore(begin, until)) return;
      done = batch.end !== null && isReached(batch, batch.end.coordinates);
      yield batch;
    }
  } catch (error) {
    signal.throwIfAborted();
    const failure = toSourceError(error, options.address);
    if (failure.code !== 'SOURCE_POSITION_GONE') throw failure;
    throw new SluiceError('HISTORY_NOT_FOUND', failure.message, { cause: error });
  } finally {
    await stream.stop();
  }

  function isReached({ commitTimeMs }: ChangeBatch, end: BinlogCoordinates): boolean {
    if (!files.isBefore(end, until)) return true;
    // A heartbeat: the server has sent what there is.
    return commitTimeMs === null && end.file === until.file && until.offset > LAST_OFFSET;
  }
}

export interface StretchRange {
  readonly from: Position;
  readonly until: BinlogCoordinates;
  readonly files: LogFiles;
  readonly names: NameFolding;
}
