/** Composition root of `sluice explain --change`: one written transaction. No server is asked but for lookups, and only on demand. */
import type { EvaluatedBatch } from './explain.ts';
import { NO_METRICS } from './explain.ts';
import type { Clock, RowLookup } from './ports.ts';
import { RuleEvaluator } from './rules/evaluate/evaluate.ts';
import type { Evaluation } from './rules/evaluate/evaluation.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { completeRows, type TakenColumn } from './rules/testing/complete-rows.ts';
import type { ExplainedChange } from './rules/testing/explained-change.ts';
import { unansweredProblems } from './rules/testing/written-lookups.ts';
import { ProblemsError } from './runtime/errors.ts';

export interface ChangeOptions {
  readonly ruleSets: readonly RuleSet[];
  /** Asked when no answers are written beside the change; null: there is no server. Not closed here. */
  readonly lookup: RowLookup | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface EvaluatedChange extends EvaluatedBatch {
  /** Columns that rules name and the change leaves out: they were taken as NULL. */
  readonly taken: readonly TakenColumn[];
}

/** Throws ProblemsError when the lookups beside the change do not fit the rules, or a lookup has no answer. */
export async function explainChange(change: ExplainedChange, options: ChangeOptions): Promise<EvaluatedChange> {
  const { ruleSets, clock, signal } = options;
  const { batch, taken } = completeRows(change.batch, change.declared, ruleSets);
  const evaluations: Evaluation[] = [];
  for (const ruleSet of ruleSets) {
    const written = change.answers(ruleSet);
    const lookup = change.hasAnswers || options.lookup === null ? written : options.lookup;
    const evaluator = new RuleEvaluator({ ruleSet, metrics: NO_METRICS, lookup, clock });
    evaluations.push(await evaluator.evaluate(batch, { captureTimeMs: clock.now(), epochs: change.epochs, signal }));
    // The evaluator makes a dead letter of it, which no run would: there, the database answers.
    const problems = unansweredProblems(written.unanswered, ruleSet);
    if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', problems);
  }
  return { batch, evaluations, taken };
}
