import type { Remainder } from '../ports.ts';

/** Remainders of batches that are not settled yet. */
export class Remainders {
  readonly #open = new Set<Promise<void>>();

  get size(): number {
    return this.#open.size;
  }

  /** Calls one of the two when the remainder has settled. */
  watch({ finished }: Remainder, onFinished: () => void, onFailed: (error: unknown) => void): void {
    const settled = finished.then(onFinished, onFailed).finally(() => this.#open.delete(settled));
    this.#open.add(settled);
  }

  /** Resolves when all of them have settled, those that come meanwhile too. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}
