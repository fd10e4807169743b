import type { BinlogCoordinates } from '../model/position.ts';
import type { Change, ChangeBatch, Transaction } from '../model/row-change.ts';
import type { Version } from '../model/version.ts';
import type { LoggedTransaction } from '../model/logged-transaction.ts';
import { ReportedEnd } from './reported-end.ts';

/**
 * What a decoded row weighs beside its bytes on the wire: objects, names, boxed values. A row of a dozen bytes takes thirty
 * times as much memory, so a chunk is cut by what it weighs, not by what was sent. A table change weighs about as much.
 */
export const CHANGE_BYTES = 300;

/** A transaction that is over. */
export interface Ended {
  readonly transaction: Transaction;
  /** What the position gains. */
  readonly gtids: readonly string[];
  readonly file: string;
  readonly offset: number;
  readonly lastVersion: Version;
  readonly isHeld: boolean;
}

/**
 * Collects changes until somebody takes them. The changes of complete transactions come first in one list, those
 * of the open transaction behind them; nothing is copied when a transaction ends.
 */
export class BatchBuilder {
  readonly #maxChunkBytes: number;
  #changes: Change[] = [];
  /** How many of them belong to complete transactions. */
  #completeChanges = 0;
  #completeBytes = 0;
  /** That have ended. */
  #transactions = 0;
  #openBytes = 0;
  /** Something has ended since the last batch that was no chunk. */
  #ended = false;
  readonly #end = new ReportedEnd();
  /** The newest that has ended. */
  #newest: Transaction | null = null;
  #open: Transaction | null = null;

  constructor(maxChunkBytes: number) {
    this.#maxChunkBytes = maxChunkBytes;
  }

  /** What they weigh in memory, about. */
  get bufferedBytes(): number {
    return this.#completeBytes + this.#openBytes + this.#changes.length * CHANGE_BYTES;
  }

  /** How many wait. */
  get changes(): number {
    return this.#changes.length;
  }

  /** Only the first so many stay. */
  cut(changes: number): void {
    this.#changes.length = changes;
  }

  /** A change of the open transaction. */
  add(change: Change): void {
    this.#changes.push(change);
  }

  /** The size of an event whose changes were added. */
  addBytes(sizeBytes: number, transaction: Transaction): void {
    this.#openBytes += sizeBytes;
    this.#open = transaction;
  }

  /** The open transaction is complete and ends here; `isHeld`: the position must not move to it yet. */
  end({ transaction, gtids, file, offset, lastVersion, isHeld }: Ended): void {
    this.#complete(transaction);
    if (isHeld) this.#end.hold(gtids);
    else this.#end.reach(gtids, file, offset, lastVersion);
  }

  /** The same for a transaction of MySQL that holds nothing back: nearly every one. */
  endLogged(transaction: LoggedTransaction, file: string, offset: number, lastVersion: Version): void {
    const { source, number } = transaction;
    this.#complete(transaction);
    if (typeof number === 'number') this.#end.reachNumber(source, number, file, offset, lastVersion);
    else this.#end.reach([transaction.gtid], file, offset, lastVersion);
  }

  /** No transaction is open, and the stream has come this far; null: the position must not move. */
  heartbeat(coordinates: BinlogCoordinates | null, lastVersion: Version): void {
    this.#ended = true;
    if (coordinates !== null) this.#end.reach([], coordinates.file, coordinates.offset, lastVersion);
  }

  #complete(transaction: Transaction): void {
    this.#newest = transaction;
    this.#completeChanges = this.#changes.length;
    this.#completeBytes += this.#openBytes;
    this.#openBytes = 0;
    this.#ended = true;
    this.#transactions++;
  }

  take(): ChangeBatch | null {
    if (this.#ended) return this.#takeComplete();
    return this.bufferedBytes > this.#maxChunkBytes ? this.#takeChunk() : null;
  }

  #takeComplete(): ChangeBatch {
    const all = this.#completeChanges === this.#changes.length;
    const { end, heldEnds } = this.#end.take();
    const batch: ChangeBatch = {
      changes: all ? this.#changes : this.#changes.slice(0, this.#completeChanges),
      sizeBytes: this.#completeBytes,
      end,
      commitTimeMs: commitTimeMs(this.#newest),
      transactions: this.#transactions,
      ...(end === null || heldEnds > 0 ? { heldEnds } : {}),
    };
    this.#changes = all ? [] : this.#changes.slice(this.#completeChanges);
    this.#completeChanges = 0;
    this.#completeBytes = 0;
    this.#transactions = 0;
    this.#newest = null;
    this.#ended = false;
    return batch;
  }

  #takeChunk(): ChangeBatch {
    const batch: ChangeBatch = {
      changes: this.#changes,
      sizeBytes: this.#openBytes,
      end: null,
      commitTimeMs: commitTimeMs(this.#open),
    };
    this.#changes = [];
    this.#openBytes = 0;
    return batch;
  }
}

function commitTimeMs(transaction: Transaction | null): number | null {
  return transaction === null ? null : transaction.commitTimeUs / 1000;
}
