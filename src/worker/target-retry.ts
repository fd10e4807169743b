import type { Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';

export interface TargetRetryOptions {
  readonly target: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly retry: { readonly baseMs: number; readonly maxMs: number };
}

/**
 * Repeats what failed with a retryable error until it succeeds, and keeps the one truth about whether the target can
 * be used: the gauge `sluice_target_available`, which readiness reads too.
 *
 *   unknown ── a call succeeds ──▶ available; a call fails ──▶ not available
 *   available ── a call fails ──▶ not available (one warning; every partition that fails now waits with backoff)
 *   not available ── a call succeeds and no partition waits any more ──▶ available (one message)
 *   not available ── a waiting partition is taken away ──▶ still not available: nothing has succeeded
 */
export class TargetRetry {
  readonly #options: TargetRetryOptions;
  #state: 'unknown' | 'available' | 'lost' = 'unknown';
  #waiting = 0;

  constructor(options: TargetRetryOptions) {
    this.#options = options;
    this.#enter('unknown');
  }

  /** The result of the first attempt that succeeds. Throws errors that are not retryable, and the signal's reason. */
  async until<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { metrics, target, clock, retry } = this.#options;
    let waits = false;
    try {
      for (let failures = 0; ; failures++) {
        try {
          return await attempt();
        } catch (error) {
          if (!(error instanceof SluiceError && error.retryable)) throw error;
          signal.throwIfAborted();
          // Nothing is wrong with the target: it is this process that may not touch it now.
          if (error.code === 'LEASE_UNAVAILABLE') {
            await clock.sleep(fullJitterMs(failures, retry), signal);
            continue;
          }
          if (!waits) this.#waiting++;
          waits = true;
          this.#lost(error);
          metrics.count('sluice_target_retries_total', { target });
          await clock.sleep(fullJitterMs(failures, retry), signal);
        }
      }
    } finally {
      if (waits) this.#waiting--;
    }
  }

  /** To be called after each success of what matters. */
  succeeded(): void {
    if (this.#state === 'available' || this.#waiting > 0) return;
    const { logger, target } = this.#options;
    if (this.#state === 'lost') logger.info({ target }, 'target answers again');
    this.#enter('available');
  }

  #lost(error: SluiceError): void {
    if (this.#state === 'lost') return;
    this.#enter('lost');
    const { logger, target } = this.#options;
    logger.warn({ target, code: error.code, reason: error.message }, 'target cannot be used, retrying until it can');
  }

  #enter(state: 'unknown' | 'available' | 'lost'): void {
    this.#state = state;
    const available = state === 'available' ? 1 : 0;
    this.#options.metrics.set('sluice_target_available', { target: this.#options.target }, available);
  }
}
