import type { Clock } from '../ports.ts';

export interface FlushPacerOptions {
  readonly clock: Clock;
  /** The ceiling: no more keys of the server are looked at per second. */
  readonly keysPerSecond: number;
}

/** A command over so many keys keeps Redis busy for about 20 µs, and that is what others wait. */
const FEWEST_KEYS = 50;
/** About half a millisecond: only for a server that is so far away that nobody notices. */
const MOST_KEYS = 1_000;
/** The server is left alone for so many times what a step took beyond the fastest one: a busy server is asked less. */
const REST_FACTOR = 2;
/** A timer fires a little late; what was lost is caught up with, but never as a burst. */
const MAX_ARREARS_MS = 20;

/**
 * Spreads the steps of one flush over time. While Redis carries out a command it serves nobody else, so what matters to
 * others is that each step is short, and that most of the time none is under way.
 */
export class FlushPacer {
  readonly #clock: Clock;
  readonly #keysPerMs: number;
  /** When the ceiling allows the next step. */
  #dueMs: number;
  /** Of all steps so far: about what the network takes. */
  #fastestMs = Infinity;

  constructor({ clock, keysPerSecond }: FlushPacerOptions) {
    this.#clock = clock;
    this.#keysPerMs = keysPerSecond / 1_000;
    this.#dueMs = clock.monotonicMs();
  }

  /** How many keys the next step should be about: few, but with a distant server so many that the ceiling can be reached. */
  get keys(): number {
    if (this.#fastestMs === Infinity) return FEWEST_KEYS;
    return Math.min(MOST_KEYS, Math.max(FEWEST_KEYS, Math.floor(this.#fastestMs * this.#keysPerMs)));
  }

  /** Waits until the next step may begin; `tookMs` is what the last one took, network and all. Throws the signal's reason. */
  async rest({ keys, tookMs }: { keys: number; tookMs: number }, signal: AbortSignal): Promise<void> {
    this.#fastestMs = Math.min(this.#fastestMs, tookMs);
    const nowMs = this.#clock.monotonicMs();
    // From its begin, not its end: what it took counts as waited.
    this.#dueMs = Math.max(this.#dueMs, nowMs - tookMs - MAX_ARREARS_MS) + keys / this.#keysPerMs;
    const restMs = Math.max((tookMs - this.#fastestMs) * REST_FACTOR, this.#dueMs - nowMs);
    if (restMs > 0) await this.#clock.sleep(restMs, signal);
    else signal.throwIfAborted();
  }
}
