import { PositionTracker } from '../model/position-tracker.ts';
import type { ResumePoint, TransactionEnd } from '../model/position.ts';

/** Everything up to here is acknowledged. Folds the acknowledged transaction ends into one resume point, on demand. */
export class Watermark {
  readonly #tracker: PositionTracker;
  #current: ResumePoint | null;

  constructor(start: ResumePoint) {
    this.#tracker = new PositionTracker(start);
    this.#current = start;
  }

  advance(end: TransactionEnd): void {
    this.#tracker.advance(end);
    this.#current = null;
  }

  /** The same object until the watermark moves: writing a GTID set as text is not free. */
  current(): ResumePoint {
    this.#current ??= this.#tracker.resumePoint();
    return this.#current;
  }
}
