import { parseGtidSet, type GtidSet } from './gtid-set.ts';
import type { BinlogCoordinates, LogIdentity, Position, ResumePoint, TransactionEnd } from './position.ts';
import type { Version } from './version.ts';

/**
 * Folds the ends of acknowledged batches into a position. Advancing is cheap (no text is built): the text of the GTID
 * set is made only by `position()`, which is called when a checkpoint is saved or a connection is made.
 */
export class PositionTracker {
  readonly #start: Omit<Position, 'log'>;
  readonly #gtids: GtidSet | null;
  #coordinates: BinlogCoordinates;
  #log: LogIdentity | undefined;
  #lastVersion: Version;

  constructor({ position: { log, ...position }, lastVersion }: ResumePoint) {
    this.#start = position;
    this.#gtids = position.gtidSet === null ? null : parseGtidSet(position.flavour, position.gtidSet);
    this.#coordinates = position.coordinates;
    this.#log = log;
    this.#lastVersion = lastVersion;
  }

  /** Ends must come in the order of the stream. */
  advance(end: TransactionEnd): void {
    this.#coordinates = end.coordinates;
    this.#log = end.log;
    this.#lastVersion = end.lastVersion;
    if (this.#gtids === null) return;
    for (const gtid of end.gtids) this.#gtids.add(gtid);
  }

  /** A value of its own: later calls of `advance` do not change it. */
  position(): Position {
    return {
      ...this.#start,
      coordinates: this.#coordinates,
      gtidSet: this.#gtids === null ? null : this.#gtids.toString(),
      ...(this.#log === undefined ? {} : { log: this.#log }),
    };
  }

  resumePoint(): ResumePoint {
    return { position: this.position(), lastVersion: this.#lastVersion };
  }
}
