import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConstantSources } from '../rules/schema/constants.ts';
import { loadRules } from '../rules/rule-file.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Environment } from '../runtime/config/environment.ts';
import { inspectConfigFile, type LoadedConfig } from '../runtime/config/load.ts';
import { readRuleFiles, type RuleTexts } from '../runtime/config/rule-files.ts';
import { ProblemsError, type Problem } from '../runtime/errors.ts';

/** What `constants` of rule files may read. */
const CONSTANT_SOURCES: ConstantSources = { env: process.env, readFile: (path) => readFileSync(path, 'utf8') };

/** Every rule file of every path, as one rule set. Throws ProblemsError with all that is wrong in any of them. */
export function loadRuleSet(paths: readonly string[]): RuleSet {
  return readRules(paths).ruleSet;
}

/** The same, and from which files it came. */
export function readRules(paths: readonly string[]): RulesOnDisk {
  const { files, problems } = readRuleFiles(paths);
  if (problems.length > 0) {
    throw new ProblemsError('CONFIG_INVALID', [...problems, ...(files.length === 0 ? [] : problemsOf(files))]);
  }
  const names = files.map(({ file }) => file);
  return { ruleSet: loadRules(files, CONSTANT_SOURCES), files: names, fingerprint: fingerprintOf({ files, problems }) };
}

export interface RulesOnDisk {
  readonly ruleSet: RuleSet;
  readonly files: readonly string[];
  /** Other whenever a file's name or content is. */
  readonly fingerprint: string;
}

/** Of the files as they stand now, also when they cannot be read. */
export function rulesFingerprint(paths: readonly string[]): string {
  return fingerprintOf(readRuleFiles(paths));
}

function fingerprintOf(texts: RuleTexts): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}

/**
 * Configuration and rules. Throws ProblemsError with all that is wrong in either: a rule file is looked at although
 * the configuration is wrong. `rules` are paths to use instead of what the configuration names.
 */
export function loadAll(
  file: string | undefined,
  env: Environment,
  rules?: readonly string[],
): { readonly loaded: LoadedConfig } & RulesOnDisk {
  const inspected = inspectConfigFile(file, env);
  if (inspected.loaded !== null) {
    return { loaded: inspected.loaded, ...readRules(rules ?? inspected.loaded.config.rules) };
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
    loadRules(files, CONSTANT_SOURCES);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
}
