import type { RowChange } from '../../model/row-change.ts';

/** A rule's `when:`, compiled. The expression language stays behind this interface. */
export interface Condition {
  /** As written. */
  readonly text: string;
  /** Columns it reads, as written, each once. */
  readonly columns: readonly string[];
  /** Whether the rule looks at this row change. Throws RULE_CONDITION_FAILED when it cannot be told. */
  matches(change: RowChange): boolean;
}
