import type { Invalidation, RefreshPlan } from '../model/invalidation.ts';
import type {
  BatchHandler,
  Cache,
  CacheCommand,
  CacheOutcome,
  Clock,
  DeadLetter,
  DeadLetters,
  PartitionBatch,
  RowReader,
} from '../ports.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { coalesce, type Coalesced, type InvalidationItem } from './coalesce.ts';
import { observeDelays } from './delays.ts';
import { OutcomeTally, type Outcome } from './outcome-tally.ts';
import { removal, type Random } from './plan-refresh.ts';
import { Refresher, type RefreshTask } from './refresher.ts';
import { TargetRetry } from './target-retry.ts';

export interface WorkerOptions {
  readonly cache: Cache;
  /** By rule name. */
  readonly plans: ReadonlyMap<string, RefreshPlan>;
  /** Runs refresh queries; null if no plan has one. */
  readonly reader: RowReader | null;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Backoff (full jitter) while the target or the reader does not answer. */
  readonly retry: { readonly baseMs: number; readonly maxMs: number };
  /** Told every readable invalidation of a finished batch, in order, coalesced ones too. If it throws, the batch fails. */
  readonly onApplied?: (invalidations: readonly Invalidation[]) => void;
  /** For the jitter of TTLs. Default: Math.random. */
  readonly random?: Random;
}

/**
 * What is known about the items of a batch on their way: `commands` stand beside `items`, and `verdicts` holds only
 * those that do not end as the cache answers.
 */
interface Work {
  readonly items: readonly InvalidationItem[];
  readonly commands: CacheCommand[];
  readonly verdicts: Map<number, Verdict>;
}

type Verdict = { readonly outcome: 'unknown_rule' } | { readonly outcome: 'dead_letter'; readonly reason: string };

/**
 * Takes batches to one target: coalesce → plan → apply → dead letters → finished. One worker serves all partitions of
 * its target; its calls overlap, and share nothing but the connection and the availability.
 *
 * A call resolves when every item is applied, superseded, or kept as a dead letter *and* its key deleted: an
 * invalidation that cannot be carried out must not leave a stale value. It rejects with the signal's reason, with
 * DEAD_LETTER_FAILED, or with an error nobody foresaw; the batch is then not finished and will be delivered again,
 * which is safe at any point: versions make repeating it change nothing.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #retry: TargetRetry;
  readonly #refresher: Refresher;
  readonly #unknownRules = new Set<string>();

  constructor(options: WorkerOptions) {
    const { cache, reader, plans, random = Math.random } = options;
    if (reader === null && [...plans.values()].some((plan) => plan.from.kind === 'query')) {
      throw new Error('a rule refreshes by query, but there is no reader');
    }
    this.#options = options;
    this.#retry = new TargetRetry({ ...options, target: cache.name });
    this.#refresher = new Refresher({ reader, retry: this.#retry, random });
  }

  readonly handle: BatchHandler = async (batch, signal) => {
    signal.throwIfAborted();
    const coalesced = coalesce(batch.items);
    const work = await this.#plan(coalesced.items, signal);
    const outcomes = await this.#carryOut(work, signal);
    await this.#keepLetters(coalesced, work);
    this.#report(batch, coalesced, work, outcomes);
    this.#options.onApplied?.(batch.items.flatMap((item) => (item.kind === 'invalidation' ? [item.invalidation] : [])));
  };

  async #plan(items: readonly InvalidationItem[], signal: AbortSignal): Promise<Work> {
    const work: Work = { items, commands: new Array<CacheCommand>(items.length), verdicts: new Map() };
    const tasks: RefreshTask[] = [];
    for (const [index, { invalidation }] of items.entries()) {
      if (invalidation.action === 'delete') {
        const { key, version, versioned } = invalidation;
        work.commands[index] = { kind: 'delete', key, version, versioned };
        continue;
      }
      const plan = this.#options.plans.get(invalidation.rule);
      if (plan === undefined) {
        this.#noteUnknownRule(invalidation.rule);
        work.verdicts.set(index, { outcome: 'unknown_rule' });
        work.commands[index] = removal(invalidation);
        continue;
      }
      const done: RefreshTask['done'] = (result) => {
        if (result.kind === 'command') work.commands[index] = result.command;
        else this.#giveUp(work, index, result.reason);
      };
      tasks.push({ invalidation, plan, done });
    }
    if (tasks.length > 0) await this.#refresher.run(tasks, signal);
    return work;
  }

  /** The outcome of each command, none of them `failed` any more: those keys are deleted and become dead letters. */
  async #carryOut(work: Work, signal: AbortSignal): Promise<CacheOutcome[]> {
    const outcomes = [...(await this.#apply(work.commands, signal))];
    // Should even the versioned delete be refused, a plain one takes the stale value away.
    for (const versioned of [true, false]) {
      const failed = outcomes.flatMap((outcome, index) => (typeof outcome === 'object' ? [index] : []));
      if (failed.length === 0) break;
      const deletes = failed.flatMap((index): CacheCommand[] => {
        const outcome = outcomes[index];
        if (typeof outcome === 'object') this.#giveUp(work, index, outcome.failed);
        const command = work.commands[index];
        return command === undefined ? [] : [{ ...removal(command), versioned }];
      });
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

  /** The first reason stays: what comes after is about the delete that replaces it. */
  #giveUp(work: Work, index: number, reason: string): void {
    const item = work.items[index];
    if (item === undefined || work.verdicts.get(index)?.outcome === 'dead_letter') return;
    work.verdicts.set(index, { outcome: 'dead_letter', reason });
    work.commands[index] = removal(item.invalidation);
  }

  async #keepLetters({ unreadable }: Coalesced, { items, verdicts }: Work): Promise<void> {
    const { cache, deadLetters, metrics, logger } = this.#options;
    const letters: DeadLetter[] = unreadable.map((item) => ({ reason: item.reason, item, target: null }));
    for (const [index, verdict] of verdicts) {
      const item = items[index];
      if (item === undefined || verdict.outcome !== 'dead_letter') continue;
      letters.push({ reason: verdict.reason, item, target: cache.name });
    }
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

  #report(batch: PartitionBatch, coalesced: Coalesced, work: Work, outcomes: readonly CacheOutcome[]): void {
    const { cache, clock, metrics } = this.#options;
    const tally = new OutcomeTally();
    for (const { invalidation } of coalesced.superseded) tally.add(invalidation.rule, 'coalesced');
    const { items, verdicts } = work;
    for (let index = 0; index < items.length; index++) {
      const verdict = verdicts.size === 0 ? undefined : verdicts.get(index);
      const outcome: Outcome = verdict?.outcome ?? (outcomes[index] === 'newer' ? 'newer' : 'applied');
      tally.add(items[index]?.invalidation.rule ?? '', outcome);
    }
    tally.report(metrics, cache.name);
    observeDelays(batch.items, { target: cache.name, nowMs: clock.now(), metrics });
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
