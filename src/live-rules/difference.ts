import type { CompiledRule, RuleSet } from '../rules/rule-set.ts';

/** Names of rules. */
export interface RuleDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What a person wants to read in the log after a reload. Rules are told apart by name. */
export function difference(before: RuleSet, after: RuleSet): RuleDifference {
  const old = new Map(before.rules.map((rule) => [rule.name, meaning(rule)]));
  const now = new Map(after.rules.map((rule) => [rule.name, meaning(rule)]));
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed: [...now.keys()].filter((name) => old.has(name) && old.get(name) !== now.get(name)),
  };
}

/** `versioned` follows from the other rules: it is no change of this one. */
function meaning({ versioned: _, ...rule }: CompiledRule): string {
  // What is compiled (table patterns, conditions) shows nothing but the text it was made of.
  return JSON.stringify(rule);
}
