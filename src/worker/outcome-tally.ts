import type { Metrics } from '../runtime/metrics.ts';

/** As in the label `outcome` of sluice_invalidations_total. */
export type Outcome = 'applied' | 'newer' | 'coalesced' | 'flushed' | 'dead_letter' | 'unknown_rule';

type Counts = Record<Outcome, number>;

/** Counts a batch before it touches the metrics: a labelled counter costs as much as the rest of a record's way. */
export class OutcomeTally {
  readonly #countsByRule = new Map<string, Counts>();
  #rule: string | undefined;
  #counts: Counts = none();

  add(rule: string, outcome: Outcome, count = 1): void {
    // Neighbours mostly come from the same rule.
    if (rule !== this.#rule) this.#turnTo(rule);
    this.#counts[outcome] += count;
  }

  report(metrics: Metrics, target: string): void {
    for (const [rule, counts] of this.#countsByRule) {
      for (const [outcome, count] of Object.entries(counts)) {
        if (count > 0) metrics.count('sluice_invalidations_total', { target, rule, outcome }, count);
      }
    }
  }

  #turnTo(rule: string): void {
    this.#rule = rule;
    this.#counts = this.#countsByRule.get(rule) ?? none();
    this.#countsByRule.set(rule, this.#counts);
  }
}

function none(): Counts {
  return { applied: 0, newer: 0, coalesced: 0, flushed: 0, dead_letter: 0, unknown_rule: 0 };
}
