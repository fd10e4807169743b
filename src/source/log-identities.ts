import type { LogIdentity, Position, TransactionEnd } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import { PositionGone } from '../runtime/position-gone.ts';

/** Batches may wait for a while; a file has room for very many of them. */
const REMEMBERED_FILES = 16;

/**
 * Which files of the log a stream goes through, and when each was begun: the header of a file's format description event
 * keeps that time in whatever dump it is sent. A file of the same name, begun at another time, is not the one we have read.
 */
export class LogIdentities {
  readonly #serverUuid: string;
  /** Null: nothing to compare with, or it is compared. */
  #expected: { readonly file: string; readonly fileBeganMs: number } | null;
  readonly #began = new Map<string, number>();
  /** Of the newest batch. */
  #batchFile: string | null = null;

  constructor({ position, serverUuid }: { position: Position; serverUuid: string }) {
    const { log, coordinates } = position;
    this.#serverUuid = serverUuid;
    this.#expected = log?.serverUuid === serverUuid ? { file: coordinates.file, fileBeganMs: log.fileBeganMs } : null;
  }

  /** A file has begun, in the log or for this stream. Throws SOURCE_POSITION_GONE when it only has the name of ours. */
  note(file: string, beganMs: number): void {
    const expected = this.#expected;
    this.#expected = null;
    if (expected?.file === file && expected.fileBeganMs !== beganMs) {
      const at = (ms: number): string => new Date(ms).toISOString();
      throw new PositionGone(
        'reset',
        `the file ${file} was begun at ${at(beganMs)}, and the one we have read at ${at(expected.fileBeganMs)}: the log was begun anew`,
      );
    }
    this.#began.set(file, beganMs);
    const [oldest] = this.#began.keys();
    if (this.#began.size > REMEMBERED_FILES && oldest !== undefined) this.#began.delete(oldest);
  }

  /** Is the batch the first behind a file that the stream has left? Its end is then not of the log that was checked before. */
  hasLeftFile({ end }: Pick<ChangeBatch, 'end'>): boolean {
    return end !== null && this.#batchFile !== null && end.coordinates.file !== this.#batchFile;
  }

  identified<B extends Pick<ChangeBatch, 'end'>>(batch: B): B {
    const { end } = batch;
    if (end === null) return batch;
    this.#batchFile = end.coordinates.file;
    const fileBeganMs = this.#began.get(end.coordinates.file);
    if (fileBeganMs === undefined) return batch;
    const log: LogIdentity = { serverUuid: this.#serverUuid, fileBeganMs };
    const identified: TransactionEnd = { ...end, log };
    return { ...batch, end: identified };
  }
}
