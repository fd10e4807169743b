import {
  hasQuery,
  planOf,
  type Invalidation,
  type RefreshInvalidation,
  type RefreshPlan,
  type RefreshPlans,
} from '../model/invalidation.ts';
import type {
  BatchHandler,
  Cache,
  CacheCommand,
  CacheOutcome,
  Clock,
  DeadLetter,
  DeadLetters,
  DeliveredItem,
  RowReader,
} from '../ports.ts';
import type { DeadLetterLimit } from '../runtime/dead-letter-limit.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';
import { BatchWork } from './batch-work.ts';
import { coalesce, type InvalidationItem } from './coalesce.ts';
import { observeDelays } from './delays.ts';
import { FlushQueue } from './flush-queue.ts';
import { OutcomeTally } from './outcome-tally.ts';
import { planRefresh, type Random } from './plan-refresh.ts';
import { Refresher, type QueryTask } from './refresher.ts';
import type { OwedBatch } from './owed-batch.ts';
import { isAgain, SecondDeletes, type Again } from './second-deletes.ts';
import { segmentsOf, type Segment } from './segments.ts';
import { TargetRetry } from './target-retry.ts';

export interface WorkerOptions {
  readonly cache: Cache;
  /** By rule name; or a function that knows the plan of each refresh while the rules change. */
  readonly plans: RefreshPlans | ((invalidation: RefreshInvalidation) => RefreshPlan | undefined);
  /** Runs refresh queries; null if no plan has one. */
  readonly reader: RowReader | null;
  readonly deadLetters: DeadLetters;
  /** Says when it is too many of them; left out: never. */
  readonly letterLimit?: DeadLetterLimit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Backoff (full jitter) while the target or the reader does not answer. */
  readonly retry: { readonly baseMs: number; readonly maxMs: number };
  /**
   * Told every readable invalidation that is applied (for the first time, if it has a second delete), in order, coalesced ones too: of a batch at once, but of one with
   * flushes what stands before a flush, then the flush, then the rest. If it throws, the batch fails; what it
   * returns, unless null, is waited for.
   */
  readonly onApplied?: (invalidations: readonly Invalidation[]) => Promise<void> | null;
  /** How many invalidations may wait for their second delete. */
  readonly maxSecondDeletes?: number;
  /** For the jitter of TTLs. Default: Math.random. */
  readonly random?: Random;
}

/** What became of a part of a batch, and what of it has to be done once more. */
interface Applied {
  readonly tally: OutcomeTally;
  readonly again: readonly Again[];
}

/** About 50 MB. */
const MAX_SECOND_DELETES = 100_000;

/**
 * Takes batches to one target: coalesce → plan → apply → dead letters → finished. One worker serves all partitions of
 * its target; its calls overlap, and share nothing but the connection, the availability and the flushes. A flush cuts its
 * batch: what stands before it is finished first, what stands behind waits.
 *
 * A call resolves when every item is applied, superseded, or kept as a dead letter *and* its key deleted: an
 * invalidation that cannot be carried out must not leave a stale value. What has to be deleted once more (`again_after`) is its
 * remainder. Counted, measured and told is what happened at the first time; the second has metrics of its own. It rejects with the signal's reason, with
 * DEAD_LETTER_FAILED or DEAD_LETTERS_LIMIT, or with an error nobody foresaw; the batch is then not finished and will be delivered again,
 * which is safe at any point: versions make repeating it change nothing.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #random: Random;
  readonly #retry: TargetRetry;
  readonly #refresher: Refresher;
  readonly #flushes: FlushQueue;
  readonly #secondDeletes: SecondDeletes;
  readonly #unknownRules = new Set<string>();
  readonly #planOf: (invalidation: RefreshInvalidation) => RefreshPlan | undefined;

  constructor(options: WorkerOptions) {
    const { cache, reader, plans, random = Math.random } = options;
    if (reader === null && typeof plans !== 'function' && hasQuery(plans)) {
      throw new Error('a rule refreshes by query, but there is no reader');
    }
    this.#options = options;
    this.#random = random;
    this.#planOf = typeof plans === 'function' ? plans : (invalidation) => planOf(plans, invalidation);
    // A series that is there from the start makes the first dead letter visible as an increase.
    options.metrics.count('sluice_dead_letters_total', { target: cache.name }, 0);
    this.#retry = new TargetRetry({ ...options, target: cache.name });
    this.#refresher = new Refresher({ ...options, reader, retry: this.#retry, random });
    this.#flushes = new FlushQueue({ ...options, retry: this.#retry });
    this.#secondDeletes = new SecondDeletes({
      ...options,
      flushes: this.#flushes,
      retry: this.#retry,
      maxPending: options.maxSecondDeletes ?? MAX_SECOND_DELETES,
    });
  }

  readonly handle: BatchHandler = async (batch, signal) => {
    let owed: OwedBatch | null = null;
    try {
      for (const segment of segmentsOf(batch.items)) {
        signal.throwIfAborted();
        const { tally, again } = await (segment.kind === 'flush'
          ? this.#flush(segment, signal)
          : this.#carry(segment.items, signal));
        const behind = this.#finished(segment.items, tally);
        if (behind !== null) await unlessAborted(behind, signal);
        if (again.length > 0) owed ??= this.#secondDeletes.begin(signal);
        for (const invalidation of again) this.#secondDeletes.add(invalidation, owed);
      }
      if (owed !== null) await this.#secondDeletes.filled(owed, signal);
      return owed;
    } catch (error) {
      owed?.fail(error);
      throw error;
    }
  };

  /** Ordinary items, in one call of the cache. */
  async #carry(delivered: readonly DeliveredItem[], signal: AbortSignal): Promise<Applied> {
    const { cache } = this.#options;
    const { items, superseded, unreadable } = coalesce(delivered);
    const work = new BatchWork(items);
    const planning = this.#plan(work, signal);
    if (planning !== null) await planning;
    const outcomes = await this.#carryOut(work, signal);
    const unread = unreadable.map((item) => ({ reason: item.reason, item, target: null }));
    const letters = [...unread, ...work.deadLetters(cache.name)];
    await this.#keep(letters, items.length + unread.length - letters.length);

    const tally = new OutcomeTally();
    for (const { invalidation } of superseded) tally.add(invalidation.rule, 'coalesced');
    work.tally(outcomes, tally);
    // Where a newer version is, a second delete would find it too.
    const again: Again[] = [];
    for (let index = 0; index < items.length; index++) {
      const invalidation = items[index]?.invalidation;
      if (invalidation !== undefined && isAgain(invalidation) && outcomes[index] !== 'newer') again.push(invalidation);
    }
    return { tally, again };
  }

  async #flush({ items, invalidation }: Segment & { kind: 'flush' }, signal: AbortSignal): Promise<Applied> {
    await this.#flushes.flush(invalidation, signal);
    const tally = new OutcomeTally();
    for (const item of items) tally.add(item.invalidation.rule, item === items.at(-1) ? 'flushed' : 'coalesced');
    return { tally, again: isAgain(invalidation) ? [invalidation] : [] };
  }

  /** A promise if whoever was told cannot keep up. */
  #finished(items: readonly DeliveredItem[], tally: OutcomeTally): Promise<void> | null {
    const { cache, clock, metrics, onApplied } = this.#options;
    tally.report(metrics, cache.name);
    observeDelays(items, { target: cache.name, nowMs: clock.now(), metrics });
    if (onApplied === undefined) return null;
    return onApplied(invalidationsOf(items));
  }

  /**
   * Resolves when the target answers and takes writes; until then it counts as not available. Worth calling at the start:
   * otherwise a target that is down is noticed only when the first batch comes.
   */
  async untilAvailable(signal: AbortSignal): Promise<void> {
    await this.#retry.until(() => this.#options.cache.check(), signal);
    this.#retry.succeeded();
  }

  /** What each refresh comes to. Only queries are waited for: a batch without any goes on at once. */
  #plan(work: BatchWork, signal: AbortSignal): Promise<void> | null {
    const queries: QueryTask[] = [];
    const { items } = work;
    for (let index = 0; index < items.length; index++) {
      const invalidation = items[index]?.invalidation;
      if (invalidation?.action !== 'refresh') continue;
      const plan = this.#planOf(invalidation);
      if (plan === undefined) {
        this.#noteUnknownRule(invalidation.rule);
        work.unknownRule(index);
        continue;
      }
      const step = planRefresh(invalidation, plan, this.#random);
      if (step.kind !== 'query') work.settle(index, step);
      else queries.push({ invalidation, plan, query: step, done: (result) => work.settle(index, result) });
    }
    return queries.length === 0 ? null : this.#refresher.run(queries, signal);
  }

  /** The answer for each item. What the cache can never take is given up here, and its key deleted instead. */
  async #carryOut(work: BatchWork, signal: AbortSignal): Promise<readonly CacheOutcome[]> {
    const answered = await this.#apply(work.commands, signal);
    if (!answered.some(isFailed)) return answered;
    const outcomes = [...answered];
    // Should even a versioned delete be refused, a plain one still takes the stale value away.
    for (const versioned of [true, false]) {
      const failed: number[] = [];
      const deletes: CacheCommand[] = [];
      for (const [index, { key, version }] of work.commands.entries()) {
        const outcome = outcomes[index];
        if (!isFailed(outcome)) continue;
        work.giveUp(index, outcome.failed);
        failed.push(index);
        deletes.push({ kind: 'delete', key, version, versioned });
      }
      if (failed.length === 0) break;
      const again = await this.#apply(deletes, signal);
      failed.forEach((index, place) => (outcomes[index] = again[place] ?? 'applied'));
    }
    return outcomes;
  }

  async #apply(commands: readonly CacheCommand[], signal: AbortSignal): Promise<readonly CacheOutcome[]> {
    if (commands.length === 0) return [];
    const outcomes = await this.#retry.until(() => this.#options.cache.apply(commands), signal);
    this.#retry.succeeded();
    return outcomes;
  }

  /** `others` of the batch did not become letters. */
  async #keep(letters: readonly DeadLetter[], others: number): Promise<void> {
    const { cache, deadLetters, letterLimit, metrics, logger } = this.#options;
    letterLimit?.judge(
      letters.map(({ reason }) => reason),
      others,
    );
    if (letters.length === 0) return;
    try {
      await deadLetters.keep(letters);
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'DEAD_LETTER_FAILED') throw error;
      throw new SluiceError('DEAD_LETTER_FAILED', errorMessage(error), { cause: error });
    }
    metrics.count('sluice_dead_letters_total', { target: cache.name }, letters.length);
    for (const { item, reason } of letters) logger.warn({ place: item.place, reason }, 'record kept as a dead letter');
  }

  #noteUnknownRule(rule: string): void {
    if (this.#unknownRules.has(rule)) return;
    this.#unknownRules.add(rule);
    this.#options.logger.warn(
      { rule },
      'records of a refresh rule that is not in the rule file: their keys are deleted',
    );
  }
}

function isFailed(outcome: CacheOutcome | undefined): outcome is Exclude<CacheOutcome, string> {
  return typeof outcome === 'object';
}

function invalidationsOf(items: readonly DeliveredItem[]): readonly Invalidation[] {
  const readable = items.every(isReadable) ? items : items.filter(isReadable);
  return readable.map(({ invalidation }) => invalidation);
}

function isReadable(item: DeliveredItem): item is InvalidationItem {
  return item.kind === 'invalidation';
}
