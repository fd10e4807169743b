import type { OwedBatch } from './owed-batch.ts';
import type { RepeatsOptions } from './repeats.ts';

/** Things on their way, and the batches that still wait for one of them. */
export interface Run {
  readonly batches: Set<OwedBatch>;
  readonly stop: AbortController;
}

export interface RepeatLaneOptions<T> extends RepeatsOptions<T> {
  readonly delayMs: number;
  /** Where its runs are to be found. */
  readonly runs: Set<Run>;
  readonly onEmpty: (lane: RepeatLane<T>) => void;
}

interface Pending<T> {
  thing: T;
  readonly dueMs: number;
  readonly batches: OwedBatch[];
  /** They came too late for this time: their delay has not passed then. */
  readonly later: OwedBatch[];
}

/** What is due sooner than this after something else is done with the next round: larger rounds cost less. */
const ROUND_MS = 5;

/** Things that wait for the same delay. New ones stand last, so the map is in the order in which they are due. */
export class RepeatLane<T> {
  readonly #options: RepeatLaneOptions<T>;
  readonly #pending = new Map<string, Pending<T>>();
  readonly #cleared = new AbortController();
  #isRunning = false;

  constructor(options: RepeatLaneOptions<T>) {
    this.#options = options;
  }

  add(id: string, thing: T, batch: OwedBatch): void {
    const { clock, delayMs, merge } = this.#options;
    const dueMs = clock.monotonicMs() + delayMs;
    const known = this.#pending.get(id);
    if (known === undefined) this.#pending.set(id, { thing, dueMs, batches: [batch], later: [] });
    else {
      known.thing = merge(known.thing, thing);
      (known.dueMs >= dueMs ? known.batches : known.later).push(batch);
    }
    if (!this.#isRunning) void this.#rounds();
  }

  clear(): void {
    this.#pending.clear();
    this.#cleared.abort();
  }

  /** Until nothing is pending. */
  async #rounds(): Promise<void> {
    const { clock, onEmpty } = this.#options;
    this.#isRunning = true;
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      const leftMs = first.dueMs - clock.monotonicMs();
      if (leftMs <= 0) await this.#round();
      else await clock.sleep(Math.max(leftMs, ROUND_MS), this.#cleared.signal).catch(() => undefined);
    }
    this.#isRunning = false;
    onEmpty(this);
  }

  #first(): Pending<T> | undefined {
    return this.#pending.values().next().value;
  }

  async #round(): Promise<void> {
    const due = this.#takeDue();
    if (due.length === 0) return;
    const batches = due.flatMap((each) => each.batches);
    const run: Run = { batches: new Set(batches), stop: new AbortController() };
    this.#options.runs.add(run);
    try {
      const things = due.map(({ thing }) => thing);
      await this.#options.run(things, run.stop.signal);
      for (const batch of batches) batch.done();
    } catch (error) {
      for (const batch of run.batches) batch.fail(error);
    } finally {
      this.#options.runs.delete(run);
    }
  }

  /** Who came later waits for the delay once more, counted from now. */
  #takeDue(): Pending<T>[] {
    const { clock, delayMs, maxAtOnce } = this.#options;
    const nowMs = clock.monotonicMs();
    const due: Pending<T>[] = [];
    for (const [id, pending] of this.#pending) {
      if (pending.dueMs > nowMs || due.length === maxAtOnce) break;
      const { thing } = pending;
      const [batches, later] = [pending.batches, pending.later].map((all) => all.filter(({ isOver }) => !isOver));
      this.#pending.delete(id);
      if (later !== undefined && later.length > 0) {
        this.#pending.set(id, { thing, dueMs: nowMs + delayMs, batches: later, later: [] });
      }
      if (batches !== undefined && batches.length > 0) due.push({ ...pending, batches });
    }
    return due;
  }
}
