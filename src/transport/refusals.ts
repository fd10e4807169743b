import type { Clock } from '../ports.ts';
import { errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';

/** A lease is refused for a moment now and then; whoever is refused this long looks stuck and should say why. */
const QUIET_MS = 10_000;

/** Tells once that sending is refused for long, and once that it goes on. */
export class Refusals {
  readonly #topic: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #sinceMs: number | undefined;
  #told = false;

  constructor(options: { readonly topic: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#topic = options.topic;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  refused(error: unknown): void {
    const now = this.#clock.monotonicMs();
    this.#sinceMs ??= now;
    if (this.#told || now - this.#sinceMs < QUIET_MS) return;
    this.#told = true;
    this.#logger.warn({ topic: this.#topic, reason: errorMessage(error) }, 'not published, not permitted at present');
  }

  permitted(): void {
    this.#sinceMs = undefined;
    if (!this.#told) return;
    this.#told = false;
    this.#logger.info({ topic: this.#topic }, 'permitted to publish again');
  }
}
