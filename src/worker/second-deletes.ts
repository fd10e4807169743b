import type { DeleteInvalidation, FlushInvalidation, Invalidation } from '../model/invalidation.ts';
import type { Cache, CacheCommand, Clock } from '../ports.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { FlushQueue } from './flush-queue.ts';
import type { OwedBatch } from './owed-batch.ts';
import { OwedBatches } from './owed-batches.ts';
import { Repeats } from './repeats.ts';
import { sameKeys } from './segments.ts';
import type { TargetRetry } from './target-retry.ts';

export interface SecondDeletesOptions {
  readonly cache: Cache;
  readonly flushes: FlushQueue;
  readonly retry: TargetRetry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** So many invalidations may wait for their second delete; who brings more is held up. */
  readonly maxPending: number;
}

export type Again = (DeleteInvalidation | FlushInvalidation) & { readonly againAfterMs: number };

type DeleteCommand = CacheCommand & { readonly kind: 'delete' };

/** As many as a large batch brings. */
const DELETES_AT_ONCE = 2_000;

/**
 * Deletes once more what a rule says has to be (`again_after`). An application that fills the cache by itself may have read a row
 * before the commit and store it after the first delete; the second one takes such a value away. A versioned one stays versioned:
 * it finds the version of a newer refresh and leaves its value alone.
 *
 *   begin ─▶ OwedBatch ── add, add, … ── fill ─▶ finished when all of it was deleted once more
 *                └─ its signal aborts: what is left is not done, and the batch will come again
 *
 * Nothing is kept but keys: what is pending at a crash was never acknowledged, so it is delivered again.
 */
export class SecondDeletes {
  readonly #options: SecondDeletesOptions;
  readonly #deletes: Repeats<DeleteCommand>;
  readonly #flushes: Repeats<FlushInvalidation>;
  readonly #batches: OwedBatches;

  constructor(options: SecondDeletesOptions) {
    const { clock, flushes, metrics, cache, maxPending } = options;
    this.#options = options;
    this.#deletes = new Repeats({
      clock,
      maxAtOnce: DELETES_AT_ONCE,
      merge: mergeDeletes,
      run: (commands, signal) => this.#delete(commands, signal),
    });
    this.#flushes = new Repeats({
      clock,
      maxAtOnce: 1,
      merge: (one, other) => (other.version > one.version ? other : one),
      run: async (invalidations, signal) => {
        for (const invalidation of invalidations) await flushes.flushAgain(invalidation, signal);
      },
    });
    this.#batches = new OwedBatches({
      maxOwed: maxPending,
      onOver: (batch) => this.#over(batch),
    });
    const labels = { target: cache.name };
    metrics.count('sluice_second_deletes_total', labels, 0);
    metrics.onScrape(() => metrics.set('sluice_second_deletes_pending', labels, this.#batches.owed));
  }

  /** To be filled with the invalidations of one batch. */
  begin(signal: AbortSignal): OwedBatch {
    return this.#batches.open(signal);
  }

  /** It was applied just now. */
  add(invalidation: Again, batch: OwedBatch | null): void {
    if (batch === null || batch.isOver) return;
    const { againAfterMs: delayMs } = invalidation;
    if (invalidation.action === 'flush') {
      this.#flushes.add(sameKeys(invalidation), delayMs, invalidation, batch);
      return;
    }
    const { key, version, versioned } = invalidation;
    this.#deletes.add(key, delayMs, { kind: 'delete', key, version, versioned }, batch);
  }

  /** Nothing more will be added. Holds up who brought more than may be pending. Throws the signal's reason. */
  async filled(batch: OwedBatch, signal: AbortSignal): Promise<void> {
    batch.fill();
    await this.#batches.room(signal);
  }

  async #delete(commands: readonly DeleteCommand[], signal: AbortSignal): Promise<void> {
    const { cache, retry, metrics, logger } = this.#options;
    const outcomes = await retry.until(() => cache.apply(commands), signal);
    const refused = commands.filter((_, index) => typeof outcomes[index] === 'object');
    // As with the first delete: a plain one still takes the value away.
    if (refused.length > 0) {
      logger.warn({ keys: refused.length }, 'versioned second deletes were refused, plain ones take their place');
      const plain = refused.map((command): DeleteCommand => ({ ...command, versioned: false }));
      await retry.until(() => cache.apply(plain), signal);
    }
    retry.succeeded();
    metrics.count('sluice_second_deletes_total', { target: cache.name }, commands.length);
  }

  #over(batch: OwedBatch): void {
    this.#deletes.leave(batch);
    this.#flushes.leave(batch);
    if (!this.#batches.isEmpty) return;
    this.#deletes.clear();
    this.#flushes.clear();
  }
}

export function isAgain(invalidation: Invalidation): invalidation is Again {
  return (invalidation.action === 'delete' || invalidation.action === 'flush') && invalidation.againAfterMs !== null;
}

function mergeDeletes(one: DeleteCommand, other: DeleteCommand): DeleteCommand {
  const versioned = one.versioned || other.versioned;
  return { ...one, version: Math.max(one.version, other.version), versioned };
}
