import { planOf, type RefreshInvalidation, type RefreshPlan, type RefreshPlans } from '../model/invalidation.ts';
import type { RuleSet } from '../rules/rule-set.ts';

/** Sets whose plans are kept, the one in force among them. */
const KEPT_SETS = 4;

/**
 * Refresh plans by the hash of their rule set. A refresh that waits in a queue while the rules are reloaded was made for
 * the old plan: its record carries the columns which that plan needs, and its key may no longer be anybody's.
 */
export class LivePlans {
  /** The set in force stands last. */
  readonly #bySet = new Map<string, RefreshPlans>();
  #current: RefreshPlans;

  constructor({ hash, plans }: Pick<RuleSet, 'hash' | 'plans'>) {
    this.#bySet.set(hash, plans);
    this.#current = plans;
  }

  add({ hash, plans }: Pick<RuleSet, 'hash' | 'plans'>): void {
    this.#current = plans;
    // A set that comes back is the newest again.
    this.#bySet.delete(hash);
    this.#bySet.set(hash, plans);
    const [oldest] = this.#bySet.keys();
    if (this.#bySet.size > KEPT_SETS && oldest !== undefined) this.#bySet.delete(oldest);
  }

  /**
   * Of a set that is not known (made by a capture that has other rules, or before records named their set) the rule of
   * that name in force decides. Undefined: the rule has no plan for this.
   */
  of(invalidation: RefreshInvalidation): RefreshPlan | undefined {
    return planOf(this.#bySet.get(invalidation.origin.ruleSet) ?? this.#current, invalidation);
  }
}
