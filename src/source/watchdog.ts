import type { Clock } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly onDead: (error: SluiceError) => void;
}

/**
 * Calls a link dead when it was silent for longer than allowed. A half-open connection raises no error of its own: the
 * server asked for heartbeats, and missing them is the only sign. Allowing anew is cheap; only one sleep is under way.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #deadlineMs = 0;
  #reason = '';
  #running: AbortController | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Silence is fine for `ms` from now; starts the watch if it does not run. */
  allow(ms: number, reason: string): void {
    this.#deadlineMs = this.#options.clock.monotonicMs() + ms;
    this.#reason = reason;
    if (this.#running !== null) return;
    const running = new AbortController();
    this.#running = running;
    void this.#watch(running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, onDead } = this.#options;
    for (;;) {
      const leftMs = this.#deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      try {
        await clock.sleep(leftMs, signal);
      } catch {
        return;
      }
    }
    this.#running = null;
    onDead(new SluiceError('SOURCE_UNAVAILABLE', `the link is dead: ${this.#reason}`));
  }
}
