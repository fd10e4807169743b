import { PositionTracker } from '../model/position-tracker.ts';
import type { Epochs, ResumePoint, TransactionEnd } from '../model/position.ts';

/** A place to resume from, and the epochs of the tables there. */
export interface Progress extends ResumePoint {
  readonly epochs: Epochs;
}

/** Everything up to here is acknowledged. Folds the acknowledged transaction ends into one resume point, on demand. */
export class Watermark {
  readonly #tracker: PositionTracker;
  #epochs: Epochs;
  #current: Progress | null;

  constructor(start: Progress) {
    this.#tracker = new PositionTracker(start);
    this.#epochs = start.epochs;
    this.#current = start;
  }

  advance(end: TransactionEnd, epochs: Epochs): void {
    this.#tracker.advance(end);
    this.#epochs = epochs;
    this.#current = null;
  }

  /** The same object until the watermark moves: writing a GTID set as text is not free. */
  current(): Progress {
    this.#current ??= { ...this.#tracker.resumePoint(), epochs: this.#epochs };
    return this.#current;
  }
}
