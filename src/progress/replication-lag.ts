import type { Clock } from '../ports.ts';

/** Heartbeats come more often than this: after a longer silence nothing is known about the source any more. */
const SILENCE_MS = 15_000;

/**
 * Replication lag: the age of the newest transaction read, when it was read; 0 after a heartbeat. When nothing is read for a
 * while (a full pipeline, a lost source), it grows with time instead of standing still at its last, harmless value.
 */
export class ReplicationLag {
  readonly #clock: Clock;
  #lagMs = 0;
  #notedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#notedAtMs = clock.now();
  }

  /** Null for a heartbeat: nothing is waiting on the source. */
  note(commitTimeMs: number | null): void {
    this.#notedAtMs = this.#clock.now();
    this.#lagMs = commitTimeMs === null ? 0 : Math.max(0, this.#notedAtMs - commitTimeMs);
  }

  nowMs(): number {
    const silenceMs = this.#clock.now() - this.#notedAtMs;
    return this.#lagMs + (silenceMs > SILENCE_MS ? silenceMs : 0);
  }
}
