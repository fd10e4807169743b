/** Composition root of `sluice explain --change`: one written transaction, no server at all. */
import type { EvaluatedBatch } from './explain.ts';
import { NO_METRICS } from './explain.ts';
import type { Clock } from './ports.ts';
import { RuleEvaluator } from './rules/evaluate/evaluate.ts';
import type { Evaluation } from './rules/evaluate/evaluation.ts';
import type { RuleSet } from './rules/rule-set.ts';
import type { ExplainedChange } from './rules/testing/explained-change.ts';

/** Lookups find what is written beside the change. Throws ProblemsError when that does not fit the rules. */
export async function explainWritten(
  { batch, epochs, answers }: ExplainedChange,
  ruleSets: readonly RuleSet[],
  clock: Clock,
): Promise<EvaluatedBatch> {
  const evaluations: Evaluation[] = [];
  const { signal } = new AbortController();
  for (const ruleSet of ruleSets) {
    const evaluator = new RuleEvaluator({ ruleSet, metrics: NO_METRICS, lookup: answers(ruleSet), clock });
    evaluations.push(await evaluator.evaluate(batch, { captureTimeMs: clock.now(), epochs, signal }));
  }
  return { batch, evaluations };
}
