import { PositionTracker } from '../model/position-tracker.ts';
import { NO_EPOCHS, type Epochs, type ResumePoint, type TransactionEnd } from '../model/position.ts';

/** A place to resume from, and the epochs of the tables there. */
export interface Progress extends ResumePoint {
  readonly epochs: Epochs;
}

/** Everything up to here is acknowledged. Folds the acknowledged transaction ends into one resume point, on demand. */
export class Watermark {
  #tracker: PositionTracker | null = null;
  #epochs: Epochs = NO_EPOCHS;
  #current: Progress | null = null;

  /** Null: there is none before the first jump. */
  constructor(start: Progress | null) {
    if (start !== null) this.jump(start);
  }

  /** Over a gap: what came before counts no more, what comes now begins there. */
  jump(progress: Progress): void {
    this.#tracker = new PositionTracker(progress);
    this.#epochs = progress.epochs;
    this.#current = progress;
  }

  advance(end: TransactionEnd, epochs: Epochs): void {
    if (this.#tracker === null) throw new Error('a watermark that stands nowhere cannot advance');
    this.#tracker.advance(end);
    this.#epochs = epochs;
    this.#current = null;
  }

  /** The same object until the watermark moves: writing a GTID set as text is not free. */
  current(): Progress | null {
    if (this.#tracker === null) return null;
    return (this.#current ??= { ...this.#tracker.resumePoint(), epochs: this.#epochs });
  }
}
