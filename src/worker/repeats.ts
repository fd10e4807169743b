import type { Clock } from '../ports.ts';
import type { OwedBatch } from './owed-batch.ts';
import { RepeatLane, type Run } from './repeat-lane.ts';

export interface RepeatsOptions<T> {
  readonly clock: Clock;
  /** Does so many of them at once, at most. */
  readonly maxAtOnce: number;
  /** One that does what both do. */
  readonly merge: (one: T, other: T) => T;
  /** Does them. Aborted when nobody waits for any of them. */
  readonly run: (things: readonly T[], signal: AbortSignal) => Promise<void>;
}

/**
 * Does things again after a delay, each at most once per delay however often it is asked for: whoever asks while it waits is
 * served by the next time if that is late enough for him, else by the one after. So everybody waits at least the delay and at
 * most twice the delay, as long as the target keeps up.
 *
 * A lane for each delay, and a delay for each `again_after` of the rules: one timer each, whatever waits in it.
 */
export class Repeats<T> {
  readonly #options: RepeatsOptions<T>;
  readonly #lanes = new Map<number, RepeatLane<T>>();
  readonly #runs = new Set<Run>();

  constructor(options: RepeatsOptions<T>) {
    this.#options = options;
  }

  add(id: string, delayMs: number, thing: T, batch: OwedBatch): void {
    let lane = this.#lanes.get(delayMs);
    if (lane === undefined) {
      const runs = this.#runs;
      lane = new RepeatLane({ ...this.#options, delayMs, runs, onEmpty: (empty) => this.#forget(delayMs, empty) });
      this.#lanes.set(delayMs, lane);
    }
    batch.add();
    lane.add(id, thing, batch);
  }

  /** The batch waits no longer. What was begun for it alone is stopped. */
  leave(batch: OwedBatch): void {
    for (const { batches, stop } of this.#runs) {
      if (batches.delete(batch) && batches.size === 0) stop.abort();
    }
  }

  /** Nobody waits for anything any more: no timer is left behind. */
  clear(): void {
    for (const lane of this.#lanes.values()) lane.clear();
    this.#lanes.clear();
  }

  #forget(delayMs: number, lane: RepeatLane<T>): void {
    if (this.#lanes.get(delayMs) === lane) this.#lanes.delete(delayMs);
  }
}
