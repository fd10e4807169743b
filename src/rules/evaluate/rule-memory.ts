import { RowCount } from './collapse.ts';
import { LookupAnswers } from '../lookup/lookup-answers.ts';
import type { CompiledRule } from '../rule-set.ts';

/** What a rule remembers from row to row, whichever table they are of. */
export interface RuleMemory {
  readonly rule: CompiledRule;
  readonly rows: RowCount;
  /** Null: the rule looks nothing up. */
  readonly answers: LookupAnswers | null;
}

export function memoryOf(rule: CompiledRule): RuleMemory {
  const { flushAboveRows, lookup } = rule;
  return {
    rule,
    rows: new RowCount(flushAboveRows ?? Infinity),
    answers: lookup === null ? null : new LookupAnswers(lookup),
  };
}
