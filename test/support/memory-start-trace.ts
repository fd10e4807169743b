import type { StartTrace } from '../../src/ports.ts';

/** A cache that remembers, or not. */
export class MemoryStartTrace implements StartTrace {
  left: boolean;
  /** Thrown by the next calls, one each. */
  readonly failures: Error[] = [];

  constructor(left = false) {
    this.left = left;
  }

  exists(): Promise<boolean> {
    return this.#fail() ?? Promise.resolve(this.left);
  }

  leave(): Promise<void> {
    return this.#fail() ?? Promise.resolve(void (this.left = true));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #fail(): Promise<never> | null {
    const failure = this.failures.shift();
    return failure === undefined ? null : Promise.reject(failure);
  }
}
