import type { Change } from '../model/row-change.ts';
import type { ChangeExplanation, RuleExplanation } from '../rules/explain/explain.ts';
import { matchesGlob } from '../runtime/glob.ts';

/** What `sluice explain` shows. Everything given must match. */
export interface ExplainFilter {
  /** `table` or `database.table`, a glob. */
  readonly table?: string;
  readonly rule?: string;
  /** Glob over the cache key; dead letters, which have none, are shown too. */
  readonly key?: string;
  /** Changes that no rule is about are shown too. */
  readonly showUnmatched?: boolean;
}

/** The explanation without what was not asked for; null: nothing is left of it. */
export function filtered(explanation: ChangeExplanation, filter: ExplainFilter): ChangeExplanation | null {
  const { table, rule, key } = filter;
  if (table !== undefined && !isOfTable(explanation.change, table)) return null;
  let { rules } = explanation;
  if (rule !== undefined) rules = rules.filter((each) => each.rule === rule);
  if (key !== undefined) rules = rules.flatMap((each) => withKey(each, key));
  const asked = rule !== undefined || key !== undefined;
  if (rules.length === 0 && (asked || filter.showUnmatched !== true)) return null;
  return { ...explanation, rules };
}

export function isOfTable(change: Change, glob: string): boolean {
  const { database, table } = nameOf(change);
  // Which database it was, the log does not tell: it may be the one that is asked for.
  if (database === null) return true;
  return matchesGlob(glob, glob.includes('.') ? `${database}.${table ?? '*'}` : (table ?? '*'));
}

export function nameOf(change: Change): { readonly database: string | null; readonly table: string | null } {
  if (change.kind === 'table') return { database: change.database, table: change.table };
  return { database: change.table.database, table: change.table.name };
}

/** A dead letter stays: nobody knows the keys that it would have given. */
function withKey(rule: RuleExplanation, key: string): RuleExplanation[] {
  const invalidations = rule.invalidations.filter((each) => matchesGlob(key, each.key));
  return invalidations.length === 0 && rule.verdict.kind !== 'dead_letter' ? [] : [{ ...rule, invalidations }];
}
