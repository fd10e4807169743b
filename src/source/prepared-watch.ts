import { formatCoordinates } from '../model/position.ts';
import type { Clock } from '../ports.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Decoder, Prepared } from './decoder.ts';

/** Ordinary ones are ended by their coordinator within seconds. */
const LONG_MS = 60_000;

export interface PreparedWatchOptions {
  readonly pipeline: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Watches for XA transactions that nobody ends: their rows stay in memory, and a restart begins before the oldest of them (with the
 * GTIDs of MySQL it only reads that one again).
 */
export class PreparedWatch {
  readonly #options: PreparedWatchOptions;
  #decoder: Pick<Decoder, 'prepared'> | null = null;
  /** The oldest of the last look, and since when it is (monotonic). */
  #waiting: { readonly place: string; readonly sinceMs: number } | null = null;
  /** The place of the last one that was complained about. */
  #warned: string | null = null;

  constructor(options: PreparedWatchOptions) {
    const { pipeline, metrics } = options;
    this.#options = options;
    metrics.onScrape(() => {
      metrics.set('sluice_xa_prepared', { pipeline }, this.#decoder?.prepared.count ?? 0);
      metrics.set('sluice_xa_oldest_prepared_seconds', { pipeline }, this.#ageMs(this.#oldest) / 1000);
    });
  }

  /** Of the connection that is used now; each begins without any. */
  follow(decoder: Pick<Decoder, 'prepared'>): void {
    this.#decoder = decoder;
  }

  /**
   * To be called now and then: with every batch, so at least with every heartbeat. One line for each that stays the oldest for long,
   * and so at most one in `LONG_MS`. How long ago it was prepared says nothing: in a backlog its end is the next thing in the log.
   */
  check(): void {
    const oldest = this.#oldest;
    if (oldest === null) return void (this.#waiting = null);
    const nowMs = this.#options.clock.monotonicMs();
    const place = formatCoordinates(oldest.begin);
    if (place !== this.#waiting?.place) this.#waiting = { place, sinceMs: nowMs };
    if (nowMs - this.#waiting.sinceMs < LONG_MS || place === this.#warned) return;
    this.#warned = place;
    const preparedAt = new Date(oldest.preparedAtMs).toISOString();
    const fields = { place, gtid: oldest.gtid, preparedAt, prepared: this.#decoder?.prepared.count };
    this.#options.logger.warn(fields, 'an XA transaction is prepared and nobody ends it (XA RECOVER on the source)');
  }

  get #oldest(): Prepared['oldest'] {
    return this.#decoder?.prepared.oldest ?? null;
  }

  #ageMs(oldest: Prepared['oldest']): number {
    return oldest === null ? 0 : Math.max(0, this.#options.clock.now() - oldest.preparedAtMs);
  }
}
