import { delay } from '../wait.ts';

/** Who was held up may catch up so much, and no more: an outage is not followed by a flood. */
const BURST_MS = 250;

/** So many turns a second for all writers together: each has a time in a schedule, so a slow one takes nothing from the pace. */
export class Pace {
  readonly #everyMs: number;
  #nextMs = performance.now();

  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
  }

  async turn(): Promise<void> {
    const nowMs = performance.now();
    const atMs = Math.max(this.#nextMs, nowMs - BURST_MS);
    this.#nextMs = atMs + this.#everyMs;
    if (atMs > nowMs) await delay(atMs - nowMs);
  }
}
