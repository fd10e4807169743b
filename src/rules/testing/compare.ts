import { deviations, type Expectation, type Outcome } from './outcomes.ts';

export interface Difference {
  readonly missing: readonly Expectation[];
  readonly unexpected: readonly Outcome[];
}

/**
 * Expectations against outcomes, each used once, in any order. Which outcome stands for which expectation is chosen so that as
 * many as possible find one: an expectation that names only the key must not take the outcome that another one needs.
 */
export function compare(expected: readonly Expectation[], outcomes: readonly Outcome[]): Difference {
  /** Outcome → the expectation it stands for. */
  const taken = new Map<number, number>();
  const missing = expected.filter((_, index) => !place(index, new Set()));
  return { missing, unexpected: outcomes.filter((_, index) => !taken.has(index)) };

  /** Finds an outcome for the expectation, moving others to another outcome if need be (augmenting paths). */
  function place(index: number, visited: Set<number>): boolean {
    const wanted = expected[index];
    if (wanted === undefined) return false;
    for (const [candidate, outcome] of outcomes.entries()) {
      if (visited.has(candidate) || deviations(wanted, outcome)?.length !== 0) continue;
      visited.add(candidate);
      const owner = taken.get(candidate);
      if (owner === undefined || place(owner, visited)) {
        taken.set(candidate, index);
        return true;
      }
    }
    return false;
  }
}

const VERBS = {
  delete: 'deleted',
  refresh: 'refreshed',
  flush: 'flushed',
  epoch: 'given a new epoch',
  dead_letter: 'a dead letter',
} as const;

/** What was perhaps meant by an expectation that nothing met: the same key otherwise, or the same rule with another key. */
export function nearMisses(missing: Expectation, { unexpected }: Difference): string[] {
  const near = unexpected.flatMap((outcome) => {
    const other = deviations(missing, outcome);
    if (other !== null) return [`it happens, but with ${other.join(', ')}`];
    if (outcome.action === missing.action || outcome.subject !== missing.subject) return [];
    return [`it is ${VERBS[outcome.action]}, not ${VERBS[missing.action]}`];
  });
  if (near.length > 0) return near;
  return unexpected
    .filter((outcome) => missing.rule !== null && outcome.rule === missing.rule)
    .map(({ action, subject }) => `rule ${missing.rule} gives ${action} ${subject}`);
}
