import type { RuleSet } from '../rules/rule-set.ts';
import { loadRules } from '../rules/rule-file.ts';
import { readRuleFiles } from '../runtime/config/rule-files.ts';

/** Every rule file of every path, as one rule set. Throws ProblemsError with all that is wrong in any of them. */
export function loadRuleSet(paths: readonly string[]): RuleSet {
  return loadRules(paths.flatMap((path) => readRuleFiles(path)));
}
