import type { CheckpointStore, Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Progress } from './watermark.ts';

export interface CheckpointerOptions {
  readonly store: CheckpointStore;
  /** The fencing token that this process has claimed. */
  readonly token: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly pipeline: string;
  /** The watermark now: the same object as last time means nothing has moved. Null: there is nothing to save yet. */
  readonly watermark: () => Progress | null;
}

/** Saves the watermark at an interval, only when it moved. A failed save is retried: a restart then repeats more, no less. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #saved: Progress | null = null;
  #savedAtMs: number;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#savedAtMs = options.clock.now();
    options.metrics.onScrape(() => {
      const ageMs = options.clock.now() - this.#savedAtMs;
      options.metrics.set('sluice_checkpoint_age_seconds', { pipeline: options.pipeline }, ageMs / 1000);
    });
  }

  /** Saves now; throws what the store throws if it cannot. Nothing is written when the watermark has not moved. */
  async save(): Promise<void> {
    const { store, token, clock, metrics, pipeline } = this.#options;
    const watermark = this.#options.watermark();
    const savedAtMs = clock.now();
    if (watermark !== null && watermark !== this.#saved) {
      await store.save({ ...watermark, savedAtMs }, token);
      this.#saved = watermark;
      metrics.count('sluice_checkpoint_saves_total', { pipeline });
    }
    // Without any there is nothing that could be as fresh as it says.
    if (watermark !== null) this.#savedAtMs = savedAtMs;
  }

  /** Saves until aborted; a failing store is logged once and retried with backoff. Throws LEASE_LOST. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs, logger } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      try {
        await clock.sleep(
          failures === 0 ? intervalMs : fullJitterMs(failures, { baseMs: intervalMs, maxMs: 30_000 }),
          signal,
        );
        await this.save();
        if (failures > 0) logger.info('checkpoint saved again');
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof SluiceError && error.code === 'LEASE_LOST') throw error;
        if (failures++ === 0) logger.error({ err: errorMessage(error) }, 'checkpoint not saved, retrying');
      }
    }
  }
}
