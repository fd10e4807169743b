import type { Remainder } from '../ports.ts';

export interface OwedBatchOptions {
  /** It owes so many more (or less) than before. */
  readonly onChange: (by: number) => void;
  readonly onOver: (batch: OwedBatch) => void;
}

/** What is owed to one batch: so many things that have to be done again before it is finished. */
export class OwedBatch implements Remainder {
  readonly finished: Promise<void>;
  readonly #options: OwedBatchOptions;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #owed = 0;
  /** `filling`: more may be added. */
  #state: 'filling' | 'filled' | 'over' = 'filling';

  constructor(options: OwedBatchOptions) {
    this.#options = options;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever handles the batch may still be busy when it fails.
    this.finished.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  add(): void {
    if (!this.isOver) this.#change(1);
  }

  /** Nothing more will be added. */
  fill(): void {
    if (this.#state === 'filling') this.#state = 'filled';
    this.#endIfPaid();
  }

  done(): void {
    if (this.isOver) return;
    this.#change(-1);
    this.#endIfPaid();
  }

  /** What is still owed will not be done. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.#change(-this.#owed);
    this.#over();
    this.#reject(error);
  }

  #endIfPaid(): void {
    if (this.#state !== 'filled' || this.#owed > 0) return;
    this.#over();
    this.#resolve();
  }

  #over(): void {
    this.#state = 'over';
    this.#options.onOver(this);
  }

  #change(by: number): void {
    this.#owed += by;
    this.#options.onChange(by);
  }
}
