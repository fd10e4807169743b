import { performance } from 'node:perf_hooks';

/** What a child of the drain scenarios prints as it ends. */
export interface Drained {
  /** How much of the backlog was measured: a half, or a little less where a reader takes large bites. */
  readonly share: number;
  readonly seconds: number;
}

/** Times the second half of a backlog: before that compilers and buffers warm up, also those of a JVM. */
export class SecondHalf {
  readonly #total: number;
  #half: { readonly done: number; readonly atMs: number } | null = null;

  constructor(total: number) {
    this.#total = total;
  }

  /** `done` of the total so far. The last call ends the process. */
  at(done: number): void {
    if (this.#half === null && done < this.#total / 2) return;
    this.#half ??= { done: Math.min(done, this.#total), atMs: performance.now() };
    if (done < this.#total) return;
    const share = (this.#total - this.#half.done) / this.#total;
    report({ share, seconds: (performance.now() - this.#half.atMs) / 1000 });
  }
}

export function report(drained: Drained): never {
  process.stdout.write(JSON.stringify(drained));
  process.exit(0);
}
