import type { ChangeBatch } from '../../model/row-change.ts';
import type { Epochs } from '../../model/position.ts';
import type { Clock, RowLookup } from '../../ports.ts';
import { RuleEvaluator } from '../evaluate/evaluate.ts';
import { Explainer } from '../explain/explain.ts';
import type { RuleSet } from '../rule-set.ts';
import { completeRows } from './complete-rows.ts';
import { compare, nearMisses } from './compare.ts';
import { outcomesOf, type Expectation, type Outcome } from './outcomes.ts';
import type { RuleTest } from './test-file.ts';

export interface MissingOutcome {
  readonly expected: Expectation;
  /** What happened instead, or why nothing did; empty if nothing is known. */
  readonly hints: readonly string[];
}

export interface TestResult {
  readonly test: RuleTest;
  readonly missing: readonly MissingOutcome[];
  readonly unexpected: readonly Outcome[];
}

export interface RunOptions {
  readonly ruleSet: RuleSet;
  readonly lookup: RowLookup;
  readonly clock: Clock;
}

const NO_METRICS = { count: () => undefined, set: () => undefined };
const CAPTURE_TIME_MS = Date.UTC(2026, 0, 1);

export function passed({ missing, unexpected }: TestResult): boolean {
  return missing.length === 0 && unexpected.length === 0;
}

export async function runTest(test: RuleTest, options: RunOptions): Promise<TestResult> {
  const { batch } = completeRows(test.batch, test.declared, [options.ruleSet]);
  const outcomes = await outcomesOfBatch(batch, test.epochs, options);
  const difference = compare(test.expected, outcomes);
  const missing = difference.missing.map((expected) => {
    const near = nearMisses(expected, difference);
    return { expected, hints: near.length > 0 ? near : whyNothing(expected, batch, options.ruleSet) };
  });
  return { test, missing, unexpected: difference.unexpected };
}

/** What the rules do, by the evaluator that a capture uses; a new one each time, so that no test sees another's memory. */
export async function outcomesOfBatch(batch: ChangeBatch, epochs: Epochs, options: RunOptions): Promise<Outcome[]> {
  const evaluator = new RuleEvaluator({ ...options, metrics: NO_METRICS });
  const context = { captureTimeMs: CAPTURE_TIME_MS, epochs, signal: new AbortController().signal };
  const { invalidations, letters } = await evaluator.evaluate(batch, context);
  return outcomesOf(invalidations, letters);
}

/** Why the rule that was meant did nothing; without a rule's name, why none of those about these tables did. */
function whyNothing(expected: Expectation, batch: ChangeBatch, ruleSet: RuleSet): string[] {
  const named = expected.action === 'dead_letter' ? expected.subject : expected.rule;
  if (named !== null && !ruleSet.rules.some(({ name }) => name === named)) return [`there is no rule ${named}`];
  const explained = new Explainer(ruleSet).explain(batch, { invalidations: [], letters: [] });
  if (named !== null && !explained.some(({ rules }) => rules.some(({ rule }) => rule === named))) {
    return [`rule ${named} is about other tables`];
  }
  const reasons = explained.flatMap(({ rules }) =>
    rules
      .filter(({ rule, verdict }) => (named === null || rule === named) && verdict.kind !== 'no_key')
      .map(({ rule, verdict }) => `rule ${rule}: ${verdict.reason}`),
  );
  return [...new Set(reasons)];
}
