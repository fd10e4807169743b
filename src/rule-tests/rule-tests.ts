/** Composition root of `sluice test`: test files and their rules → results. Touches no server. */
import { readFileSync } from 'node:fs';
import type { Clock } from '../ports.ts';
import { findTestFiles, rulesNamedIn, rulesOf } from './files.ts';
import { loadRules } from '../rules/rule-file.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { runTest, type TestResult } from '../rules/testing/run-test.ts';
import { parseTestFile, type RuleTestFile } from '../rules/testing/test-file.ts';
import type { WrittenAnswers } from '../rules/testing/written-lookups.ts';
import type { Environment } from '../runtime/config/environment.ts';
import { readRuleFiles } from '../runtime/config/rule-files.ts';
import { ProblemsError, errorMessage, type Problem } from '../runtime/errors.ts';

export interface RuleTestOptions {
  readonly paths: readonly string[];
  /** Rules to test instead of what the test files name; null: those. */
  readonly rules: readonly string[] | null;
  /** Only tests whose name holds this text, whatever its case; null: all. */
  readonly filter: string | null;
  readonly clock: Clock;
}

export interface FileResult {
  readonly file: string;
  readonly results: readonly TestResult[];
  readonly durationMs: number;
}

interface LoadedTests {
  readonly tests: RuleTestFile;
  readonly ruleSet: RuleSet;
  readonly answers: WrittenAnswers;
}

/** Throws ProblemsError with all that is wrong in any test file or its rules; then nothing was run. */
export async function runRuleTests(options: RuleTestOptions): Promise<FileResult[]> {
  const problems: Problem[] = [];
  const loaded = findTestFiles(options.paths).flatMap((file) => {
    try {
      return [loadTests(file, options.rules)];
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', distinct(problems));
  const results: FileResult[] = [];
  for (const each of loaded) results.push(await runFile(each, options));
  return results.filter((file) => file.results.length > 0);
}

function loadTests(file: string, rules: readonly string[] | null): LoadedTests {
  const text = readText(file);
  const tests = parsed(file, text, rules);
  const ruleSet = loadRuleSet(rules ?? rulesOf(file, tests.rules), tests.environment);
  return { tests, ruleSet, answers: tests.answers(ruleSet) };
}

/** Together with what is wrong with the file, what is wrong with the place of its rules. */
function parsed(file: string, text: string, rules: readonly string[] | null): RuleTestFile {
  try {
    return parseTestFile(file, text);
  } catch (error) {
    if (!(error instanceof ProblemsError) || !namesRules(text)) throw error;
    const named = attempt(() => rules ?? rulesNamedIn(file, text)) ?? [];
    throw new ProblemsError('CONFIG_INVALID', [...error.problems, ...readRuleFiles(named).problems]);
  }
}

/** Anything else may be no test file at all. */
function namesRules(text: string): boolean {
  return /^tests:/m.test(text);
}

/** Files that constants name are read as a daemon would; variables come from the test file alone, so that it passes anywhere. */
function loadRuleSet(paths: readonly string[], env: Environment): RuleSet {
  const { files, problems } = readRuleFiles(paths);
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', problems);
  return loadRules(files, { env, readFile: (path) => readFileSync(path, 'utf8') });
}

async function runFile({ tests, ruleSet, answers }: LoadedTests, options: RuleTestOptions): Promise<FileResult> {
  const { clock, filter } = options;
  const wanted = filter?.toLowerCase() ?? '';
  const begin = clock.now();
  const results: TestResult[] = [];
  for (const test of tests.tests.filter(({ name }) => name.toLowerCase().includes(wanted))) {
    results.push(await runTest(test, { ruleSet, lookup: answers, clock }));
  }
  return { file: tests.file, results, durationMs: clock.now() - begin };
}

/** Every file that a run of these paths reads, as far as that can be told; for watching. */
export function watchedFiles({ paths, rules }: Pick<RuleTestOptions, 'paths' | 'rules'>): string[] {
  const tests = attempt(() => findTestFiles(paths)) ?? [];
  const named = rules ?? tests.flatMap((file) => attempt(() => rulesNamedIn(file, readFileSync(file, 'utf8'))) ?? []);
  return [...new Set([...tests, ...readRuleFiles(named).files.map(({ file }) => file), ...named])];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${errorMessage(error)}`;
    throw new ProblemsError('CONFIG_INVALID', [{ file, message, remedy: 'Mend its name or its permissions.' }]);
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Rules that several test files test are wrong once. */
function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => seen.size < seen.add(JSON.stringify(problem)).size);
}
