import { againAfterOf, planOf, type Invalidation, type RefreshPlans } from '../../model/invalidation.ts';
import type { DeadLetter } from '../../ports.ts';
import type { Evaluated } from './explain.ts';
import type { RuleSet } from '../rule-set.ts';

export interface ChangedInvalidation {
  readonly before: Invalidation;
  readonly after: Invalidation;
  /** What is not the same: `action`, `rule`, `partition_key`, `row`, `versioned`, `again_after`, `reason`, `plan`. Never empty. */
  readonly what: readonly string[];
}

/** What a second rule set does otherwise with the same changes. */
export interface Difference {
  readonly added: readonly Invalidation[];
  readonly removed: readonly Invalidation[];
  readonly changed: readonly ChangedInvalidation[];
  readonly addedLetters: readonly DeadLetter[];
  readonly removedLetters: readonly DeadLetter[];
}

interface Side {
  readonly evaluated: Evaluated;
  readonly plans: RefreshPlans;
}

/**
 * Compared by the version of the change and the key: what both sets do to a key in the same way is no difference, whatever the order of
 * rules. Only the hash of the set, which always differs, does not count.
 */
export function differenceOf(
  before: { readonly evaluated: Evaluated; readonly ruleSet: RuleSet },
  after: { readonly evaluated: Evaluated; readonly ruleSet: RuleSet },
): Difference {
  const old = { evaluated: before.evaluated, plans: before.ruleSet.plans };
  const now = { evaluated: after.evaluated, plans: after.ruleSet.plans };
  const [removed, added] = withoutCommon(old, now);
  const changed: ChangedInvalidation[] = [];
  const addedByKey = groupBy(added, identity);
  const reallyRemoved = removed.filter((one) => {
    const other = addedByKey.get(identity(one))?.shift();
    if (other === undefined) return true;
    changed.push({ before: one, after: other, what: differing(facts(one, old.plans), facts(other, now.plans)) });
    return false;
  });
  const [removedLetters, addedLetters] = apart(before.evaluated.letters, after.evaluated.letters, letterIdentity);
  return { added: [...addedByKey.values()].flat(), removed: reallyRemoved, changed, addedLetters, removedLetters };
}

export function isSame({ added, removed, changed, addedLetters, removedLetters }: Difference): boolean {
  return [added, removed, changed, addedLetters, removedLetters].every(({ length }) => length === 0);
}

function withoutCommon(old: Side, now: Side): [Invalidation[], Invalidation[]] {
  const signed = ({ evaluated, plans }: Side): { invalidation: Invalidation; signature: string }[] =>
    evaluated.invalidations.map((invalidation) => ({
      invalidation,
      signature: JSON.stringify([identity(invalidation), facts(invalidation, plans)]),
    }));
  const [removed, added] = apart(signed(old), signed(now), ({ signature }) => signature);
  return [removed.map(({ invalidation }) => invalidation), added.map(({ invalidation }) => invalidation)];
}

/** Multisets: what only the first and what only the second list has, in their order. */
function apart<T>(first: readonly T[], second: readonly T[], id: (item: T) => string): [T[], T[]] {
  const left = groupBy(second, id);
  const onlyFirst = first.filter((item) => left.get(id(item))?.shift() === undefined);
  const rest = new Set([...left.values()].flat());
  return [onlyFirst, second.filter((item) => rest.has(item))];
}

function groupBy<T>(items: readonly T[], id: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(id(item));
    if (group === undefined) groups.set(id(item), [item]);
    else group.push(item);
  }
  return groups;
}

const identity = ({ version, key }: Invalidation): string => `${version} ${key}`;

const letterIdentity = ({ item, reason }: DeadLetter): string =>
  item.kind === 'unmapped' ? `${item.version} ${item.rule} ${reason}` : reason;

/** All that an invalidation is beside its key and its version. */
function facts(invalidation: Invalidation, plans: RefreshPlans): Readonly<Record<string, unknown>> {
  const { action, rule, partitionKey } = invalidation;
  const plan = action === 'refresh' ? { ...planOf(plans, invalidation), rule: null } : null;
  return {
    action,
    rule,
    partition_key: partitionKey,
    versioned: action === 'delete' || action === 'flush' ? invalidation.versioned : null,
    again_after: againAfterOf(invalidation),
    reason: action === 'flush' ? invalidation.reason : null,
    row: action === 'refresh' ? invalidation.row : null,
    plan,
  };
}

/** Of different actions nothing else can be compared but whose they are and which way they go. */
function differing(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  const names = before['action'] === after['action'] ? Object.keys(before) : ['action', 'rule', 'partition_key'];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
