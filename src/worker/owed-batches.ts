import { OwedBatch } from './owed-batch.ts';

export interface OwedBatchesOptions {
  /** So much may be owed; whoever brings more waits until there is room. */
  readonly maxOwed: number;
  /** Nobody waits for it any more: it is finished, or has failed. */
  readonly onOver: (batch: OwedBatch) => void;
}

/** All batches to which something is owed, by the signal that cuts them off, and the bound of what is owed to all of them. */
export class OwedBatches {
  readonly #options: OwedBatchesOptions;
  readonly #bySignal = new Map<AbortSignal, { readonly batches: Set<OwedBatch>; readonly forget: () => void }>();
  #owed = 0;
  #waiting: (() => void)[] = [];

  constructor(options: OwedBatchesOptions) {
    this.#options = options;
  }

  get owed(): number {
    return this.#owed;
  }

  get isEmpty(): boolean {
    return this.#bySignal.size === 0;
  }

  /** Fails with the signal's reason when aborted. */
  open(signal: AbortSignal): OwedBatch {
    const batch = new OwedBatch({
      onChange: (by) => {
        this.#owed += by;
        if (by < 0) this.#wakeIfRoom();
      },
      onOver: (each) => this.#close(each, signal),
    });
    const { batches } = this.#bySignal.get(signal) ?? this.#follow(signal);
    batches.add(batch);
    if (signal.aborted) batch.fail(signal.reason);
    return batch;
  }

  /** Resolves when no more is owed than may be. Throws the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#owed > this.#options.maxOwed) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** One listener for all its batches: there may be very many. */
  #follow(signal: AbortSignal): { readonly batches: Set<OwedBatch> } {
    const batches = new Set<OwedBatch>();
    const cutOff = (): void => {
      for (const batch of [...batches]) batch.fail(signal.reason);
      this.#wake();
    };
    signal.addEventListener('abort', cutOff, { once: true });
    const followed = { batches, forget: () => signal.removeEventListener('abort', cutOff) };
    this.#bySignal.set(signal, followed);
    return followed;
  }

  #close(batch: OwedBatch, signal: AbortSignal): void {
    const followed = this.#bySignal.get(signal);
    followed?.batches.delete(batch);
    if (followed?.batches.size === 0) {
      followed.forget();
      this.#bySignal.delete(signal);
    }
    this.#options.onOver(batch);
  }

  #wakeIfRoom(): void {
    if (this.#waiting.length > 0 && this.#owed <= this.#options.maxOwed) this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
