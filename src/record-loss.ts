import type { GapPolicy, LossReason } from './model/gap.ts';
import { LOSS_REASONS } from './model/gap.ts';
import type { FlushInvalidation } from './model/invalidation.ts';
import type { Version } from './model/version.ts';
import type { BatchHandler, Clock, RecordLoss } from './ports.ts';
import { ERRORS, SluiceError } from './runtime/errors.ts';
import type { Logger } from './runtime/logger.ts';
import type { Metrics } from './runtime/metrics.ts';

export interface RecordLossesOptions {
  /** Names it in logs and metrics, as a pipeline of `sluice run` to the same target. */
  readonly pipeline: string;
  readonly onGap: GapPolicy;
  /** Of everything that the rules in force own. */
  readonly flush: (version: Version) => {
    readonly invalidations: readonly FlushInvalidation[];
    readonly unflushed: readonly string[];
  };
  /** The worker. */
  readonly handle: BatchHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Makes a flush of what the rules own out of records that were deleted before anybody read them (ADR 27). It takes their place in
 * the partition: what comes behind waits for it, and no offset behind it is committed before it is finished.
 */
export class RecordLosses {
  readonly #options: RecordLossesOptions;
  #pending = 0;
  #version = 0;

  constructor(options: RecordLossesOptions) {
    const { pipeline, onGap: policy, metrics } = options;
    this.#options = options;
    // Series that are there from the start make the first loss visible as an increase.
    for (const reason of LOSS_REASONS) metrics.count('sluice_gaps_total', { pipeline, reason, policy }, 0);
    this.#show();
  }

  readonly handle: BatchHandler = async (batch, signal) => {
    const { handle, onGap } = this.#options;
    const { lost, partition, items } = batch;
    if (lost === undefined) return handle(batch, signal);
    this.#report(lost);
    if (onGap === 'halt')
      throw new SluiceError('RECORDS_LOST', `${WHY[lost.reason]} (partitions ${lost.partitions.join(', ')})`);
    if (onGap === 'ignore') return handle({ partition, items }, signal);
    const flushes = this.#flushes().map((invalidation) => ({
      kind: 'invalidation' as const,
      invalidation,
      place: `partition ${partition}`,
    }));
    this.#pending++;
    this.#show();
    const over = (): void => {
      this.#pending--;
      this.#show();
    };
    try {
      const remainder = await handle({ partition, items: [...flushes, ...items] }, signal);
      if (remainder === null) over();
      else remainder.finished.then(over, over);
      return remainder;
    } catch (error) {
      // Whoever has the partition next finds the loss again.
      over();
      throw error;
    }
  };

  #flushes(): readonly FlushInvalidation[] {
    const { flush, clock, logger } = this.#options;
    // Another one each time: a scan that has begun for an earlier loss must not do for this one.
    this.#version = Math.max(this.#version + 1, clock.now() * 1000);
    const { invalidations, unflushed } = flush(this.#version);
    logger.warn({ flushes: invalidations.length }, 'flushing what the rules own; reading on behind it');
    if (unflushed.length > 0) {
      logger.error(
        { rules: unflushed },
        'keys of these rules are told apart from others by nothing and are not flushed: remove them by hand',
      );
    }
    return invalidations;
  }

  #report({ reason, partitions }: RecordLoss): void {
    const { pipeline, onGap: policy, metrics, logger } = this.#options;
    metrics.count('sluice_gaps_total', { pipeline, reason, policy });
    const remedy = policy === 'ignore' ? { remedy: ERRORS.RECORDS_LOST.remedy } : {};
    logger.error({ reason, policy, code: 'RECORDS_LOST', why: WHY[reason], partitions, ...remedy }, MEANING[policy]);
  }

  #show(): void {
    const { metrics, pipeline } = this.#options;
    metrics.set('sluice_gap_flush_pending', { pipeline }, this.#pending > 0 ? 1 : 0);
  }
}

const WHY: Readonly<Record<LossReason, string>> = {
  records_deleted: 'records were deleted before this group read them',
  topic_recreated: 'the topic was created anew, or truncated: records of the old one may not have been read',
  offsets_missing:
    'the group has no offset here, although it has worked before: the topic was created anew or got partitions, or offsets expired',
};

const MEANING: Readonly<Record<GapPolicy, string>> = {
  flush: 'records may have been lost; everything the rules own is flushed',
  halt: 'records may have been lost; stopping, nothing more is applied',
  ignore: 'records may have been lost; keys may stay stale, because source.on_gap is ignore',
};
