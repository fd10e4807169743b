/**
 * The rules in force, and how others take their place while everything runs. A set is never changed: a reload makes a
 * new one, tests it as a start would, and only then lets `current` mean it. Each pipeline looks at `current` when a
 * transaction has ended, so no transaction is evaluated by two sets; until then, and for ever if anything is wrong with
 * the new set, the old one works on.
 */
import type { RefreshInvalidation, RefreshPlan } from '../model/invalidation.ts';
import type { Clock } from '../ports.ts';
import { difference } from './difference.ts';
import { LivePlans } from './plans.ts';
import { CoalescingQueue } from './queue.ts';
import { following } from '../rules/compile-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { errorMessage, formatProblem, ProblemsError, type Problem } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';

/** Who asked. `retry`: a server did not answer the last time. */
export type ReloadTrigger = 'signal' | 'file' | 'request' | 'retry';

export type ReloadOutcome = 'swapped' | 'unchanged' | 'refused';

export interface ReloadResult {
  readonly outcome: ReloadOutcome;
  /** Of the set in force afterwards. */
  readonly hash: string;
  /** Empty unless refused. */
  readonly problems: readonly Problem[];
}

/** A rule set and the files it was read from. */
export interface LoadedRules {
  readonly ruleSet: RuleSet;
  readonly files: readonly string[];
}

export interface LiveRulesOptions {
  readonly initial: LoadedRules;
  /** Reads the files again. Throws ProblemsError with all that is wrong in them. */
  readonly load: () => LoadedRules;
  /** What the servers have against a set; a start would make the same tests. */
  readonly checkLive: (ruleSet: RuleSet) => Promise<readonly Problem[]>;
  /** Once it aborts nothing is swapped any more. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Servers that have not answered by then count as away. */
const CHECK_TIMEOUT_MS = 30_000;
/** A set that was refused only because a server was away is tried again after this. */
const RETRY_MS = 10_000;

const OUTCOMES: readonly ReloadOutcome[] = ['swapped', 'unchanged', 'refused'];

export class LiveRules {
  readonly #options: LiveRulesOptions;
  readonly #plans: LivePlans;
  #loaded: LoadedRules;
  #loadedAtMs: number;
  #generation = 1;
  #last: (ReloadResult & { readonly trigger: ReloadTrigger; readonly at: string }) | null = null;
  readonly #queue = new CoalescingQueue<ReloadResult>();
  #retry: AbortController | null = null;

  constructor(options: LiveRulesOptions) {
    this.#options = options;
    this.#loaded = options.initial;
    this.#loadedAtMs = options.clock.now();
    this.#plans = new LivePlans(options.initial.ruleSet);
    // Series that are there from the start make the first event visible as an increase.
    for (const outcome of OUTCOMES) options.metrics.count('sluice_rule_reloads_total', { outcome }, 0);
    options.metrics.set('sluice_rules_reload_failed', {}, 0);
  }

  get current(): RuleSet {
    return this.#loaded.ruleSet;
  }

  /** What it was read from. */
  get files(): readonly string[] {
    return this.#loaded.files;
  }

  /** Counts the sets that were in force; begins with 1. */
  get generation(): number {
    return this.#generation;
  }

  /** The last reload if it was refused: the files hold something else than what is in force. */
  get refusal(): ReloadResult | null {
    return this.#last?.outcome === 'refused' ? this.#last : null;
  }

  /** For workers: the plan a refresh was made for, also while the set that made it is no longer in force. */
  readonly planOf = (invalidation: RefreshInvalidation): RefreshPlan | undefined => this.#plans.of(invalidation);

  /**
   * Gives what `build` makes of the set in force, made anew only when that is another; to be asked between transactions.
   * The gauge sluice_rules_info says which set each pipeline has got.
   */
  follow<T>(pipeline: string, build: (ruleSet: RuleSet) => T): () => T {
    const { metrics } = this.#options;
    let used = this.current;
    let built = build(used);
    metrics.set('sluice_rules_info', { pipeline, hash: used.hash }, 1);
    return () => {
      const { current } = this;
      if (current === used) return built;
      built = build(current);
      metrics.remove('sluice_rules_info', { pipeline, hash: used.hash });
      metrics.set('sluice_rules_info', { pipeline, hash: current.hash }, 1);
      used = current;
      return built;
    };
  }

  /**
   * Reads, tests and swaps; never rejects. Reloads run one after another. Who asks while one runs gets the result of the
   * next, because the files may have changed since the running one read them.
   */
  reload(trigger: ReloadTrigger): Promise<ReloadResult> {
    return this.#queue.run(() => this.#once(trigger));
  }

  /** What `GET /v1/rules` answers. */
  describe(): object {
    const { ruleSet, files } = this.#loaded;
    return {
      hash: ruleSet.hash,
      generation: this.#generation,
      loaded_at: new Date(this.#loadedAtMs).toISOString(),
      files,
      rules: ruleSet.rules.map(({ name }) => name),
      last_reload: this.#last,
    };
  }

  async #once(trigger: ReloadTrigger): Promise<ReloadResult> {
    const { clock, metrics, signal } = this.#options;
    this.#retry?.abort();
    const before = this.current;
    const result = await this.#attempt(trigger);
    const isNews = result.outcome !== 'refused' || !sameProblems(result, this.refusal);
    this.#last = { ...result, trigger, at: new Date(clock.now()).toISOString() };
    metrics.count('sluice_rule_reloads_total', { outcome: result.outcome });
    metrics.set('sluice_rules_reload_failed', {}, result.outcome === 'refused' ? 1 : 0);
    if (isNews || trigger !== 'retry') this.#report(trigger, before, result);
    const onlyWaits = result.problems.length > 0 && result.problems.every(({ temporary }) => temporary === true);
    if (onlyWaits && !signal.aborted) this.#tryLater();
    return result;
  }

  async #attempt(trigger: ReloadTrigger): Promise<ReloadResult> {
    const { load, signal, logger, clock } = this.#options;
    try {
      const loaded = load();
      const { ruleSet } = loaded;
      const old = this.current;
      // The same meaning was tested when it came into force.
      if (ruleSet.hash === old.hash) {
        this.#loaded = { ...loaded, ruleSet: old };
        return { outcome: 'unchanged', hash: old.hash, problems: [] };
      }
      const problems = await this.#checkInTime(ruleSet);
      if (problems.length > 0) return this.#refused(problems);
      if (signal.aborted) return this.#refused([stopping]);
      // First the plans: from the next line on there may be refreshes made by the new set.
      this.#plans.add(ruleSet);
      this.#loaded = { ...loaded, ruleSet: following(old, ruleSet) };
      this.#loadedAtMs = clock.now();
      this.#generation++;
      return { outcome: 'swapped', hash: ruleSet.hash, problems: [] };
    } catch (error) {
      if (error instanceof ProblemsError) return this.#refused(error.problems);
      logger.error({ err: error, trigger }, 'reloading the rules failed unexpectedly');
      const remedy = 'The old rules stay in force. Look at the log; `sluice check` tests the same files.';
      return this.#refused([{ message: `the rules could not be tested: ${errorMessage(error)}`, remedy }]);
    }
  }

  /** A server that accepts the connection and then says nothing must not hold up every later reload. */
  async #checkInTime(ruleSet: RuleSet): Promise<readonly Problem[]> {
    const { checkLive, clock, signal } = this.#options;
    const done = new AbortController();
    const late = clock.sleep(CHECK_TIMEOUT_MS, AbortSignal.any([signal, done.signal])).then(
      () => [tooLate],
      () => [stopping],
    );
    try {
      return await Promise.race([checkLive(ruleSet), late]);
    } finally {
      done.abort();
    }
  }

  #refused(problems: readonly Problem[]): ReloadResult {
    return { outcome: 'refused', hash: this.current.hash, problems };
  }

  #tryLater(): void {
    const { clock, signal } = this.#options;
    this.#retry = new AbortController();
    clock.sleep(RETRY_MS, AbortSignal.any([signal, this.#retry.signal])).then(
      () => void this.reload('retry'),
      () => undefined,
    );
  }

  #report(trigger: ReloadTrigger, before: RuleSet, { outcome, hash, problems }: ReloadResult): void {
    const { logger } = this.#options;
    if (outcome === 'refused') {
      const found = problems.map(formatProblem);
      logger.error(
        { trigger, rules: hash, problems: found },
        'the rule files are refused; the old rules stay in force',
      );
    } else if (outcome === 'unchanged') {
      logger.info({ trigger, rules: hash }, 'the rule files mean what is in force already');
    } else {
      const changes = difference(before, this.current);
      logger.info({ trigger, rules: hash, before: before.hash, ...changes }, 'rules reloaded');
      for (const warning of this.current.warnings) logger.warn(formatProblem(warning));
    }
  }
}

const stopping: Problem = {
  message: 'the daemon stops: the rules were not reloaded',
  remedy: 'The next start reads them.',
};

const tooLate: Problem = {
  message: `the servers did not answer within ${CHECK_TIMEOUT_MS / 1000} s, so the new rules could not be tested`,
  remedy: 'Look at the servers; the rules are tried again by themselves.',
  temporary: true,
};

function sameProblems(one: ReloadResult, other: ReloadResult | null): boolean {
  return one.problems.map(formatProblem).join('\n') === other?.problems.map(formatProblem).join('\n');
}
