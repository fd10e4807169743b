import { loadRules } from '../rules/rule-file.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Environment } from '../runtime/config/environment.ts';
import { inspectConfigFile, type LoadedConfig } from '../runtime/config/load.ts';
import { readRuleFiles } from '../runtime/config/rule-files.ts';
import { ProblemsError, type Problem } from '../runtime/errors.ts';

/** Every rule file of every path, as one rule set. Throws ProblemsError with all that is wrong in any of them. */
export function loadRuleSet(paths: readonly string[]): RuleSet {
  const { files, problems } = readRuleFiles(paths);
  if (problems.length === 0) return loadRules(files);
  throw new ProblemsError('CONFIG_INVALID', [...problems, ...(files.length === 0 ? [] : problemsOf(files))]);
}

/**
 * Configuration and rules. Throws ProblemsError with all that is wrong in either: a rule file is looked at although
 * the configuration is wrong. `rules` are paths to use instead of what the configuration names.
 */
export function loadAll(
  file: string | undefined,
  env: Environment,
  rules?: readonly string[],
): { readonly loaded: LoadedConfig; readonly ruleSet: RuleSet } {
  const inspected = inspectConfigFile(file, env);
  if (inspected.loaded !== null) {
    return { loaded: inspected.loaded, ruleSet: loadRuleSet(rules ?? inspected.loaded.config.rules) };
  }
  const paths = rules ?? inspected.rules;
  const { files, problems } = readRuleFiles(paths);
  throw new ProblemsError('CONFIG_INVALID', [
    ...inspected.problems,
    ...problems,
    ...(files.length === 0 ? [] : problemsOf(files)),
  ]);
}

function problemsOf(files: Parameters<typeof loadRules>[0]): readonly Problem[] {
  try {
    loadRules(files);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
}
