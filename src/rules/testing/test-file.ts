import type { ChangeBatch, Table } from '../../model/row-change.ts';
import type { Epochs } from '../../model/position.ts';
import type { Path } from '../../runtime/config/path.ts';
import { YamlDocument, validate } from '../../runtime/config/yaml-document.ts';
import { ProblemsError, type Problem } from '../../runtime/errors.ts';
import type { RuleSet } from '../rule-set.ts';
import { buildBatch, epochsOf } from './build-changes.ts';
import { expectationOf, type Expectation } from './outcomes.ts';
import { isMapping } from './change-schema.ts';
import { ruleTestsSchema, tablesSchema, testSchema, type WrittenTests } from './test-schema.ts';
import { readAnswers, type WrittenAnswers } from './written-lookups.ts';
import { declareTables, type Report } from './written-tables.ts';

/** One test, ready to be run. */
export interface RuleTest {
  readonly name: string;
  readonly line: number;
  readonly batch: ChangeBatch;
  /** The tables under `tables`: only of them every column is known. */
  readonly declared: ReadonlySet<Table>;
  readonly epochs: Epochs;
  readonly expected: readonly Expectation[];
}

/** A test file that is right by itself. */
export interface RuleTestFile {
  readonly file: string;
  /** As written, relative to the file; null: the file of the same name without `.test`. */
  readonly rules: readonly string[] | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly tests: readonly RuleTest[];
  /** The answers to lookups, once the rules are there. Throws ProblemsError. */
  readonly answers: (ruleSet: RuleSet) => WrittenAnswers;
}

/** Throws ProblemsError with every mistake of the text. */
export function parseTestFile(file: string, text: string): RuleTestFile {
  const document = new YamlDocument(file, text);
  const written = checked(document);
  const problems: Problem[] = [];
  const report = reportTo(document, problems);
  const declared = declareTables(written.tables, report);
  const declaredTables = new Set([...declared.values()].map(({ table }) => table));
  const tests = written.tests.map((test, index): RuleTest => {
    const path: Path = ['tests', index];
    return {
      name: test.name,
      line: document.locate([...path, 'name']).line,
      batch: buildBatch(test, { declared, path, report }),
      declared: declaredTables,
      epochs: epochsOf(test),
      expected: test.expect.map(expectationOf),
    };
  });
  problems.push(...repeatedNames(document, written));
  throwIfAny(problems);
  const rules = typeof written.rules === 'string' ? [written.rules] : (written.rules ?? null);
  const answers = (ruleSet: RuleSet): WrittenAnswers => {
    const found: Problem[] = [];
    const answered = readAnswers(written.lookups, ruleSet, reportTo(document, found));
    throwIfAny(found);
    return answered;
  };
  return { file, rules, environment: written.environment ?? {}, tests, answers };
}

function checked(document: YamlDocument): WrittenTests {
  throwIfAny(document.syntaxProblems());
  const value = document.value();
  if (isRuleFile(value)) throw new ProblemsError('CONFIG_INVALID', [ruleFileProblem(document)]);
  const result = validate(ruleTestsSchema, document, value);
  if (!result.ok) throw new ProblemsError('CONFIG_INVALID', [...result.problems, ...valueProblems(document, value)]);
  return result.value;
}

/** Wrong columns and values where the form is right, so that they need not be found in a second run. */
function valueProblems(document: YamlDocument, value: unknown): Problem[] {
  const problems: Problem[] = [];
  const { tables, tests } = isMapping(value) ? (value as Partial<Record<string, unknown>>) : {};
  const written = tablesSchema.optional().safeParse(tables);
  // Without its columns, whatever a row gives would be wrong.
  if (!written.success) return problems;
  const report = reportTo(document, problems);
  const declared = declareTables(written.data, report);
  for (const [index, each] of (Array.isArray(tests) ? (tests as readonly unknown[]) : []).entries()) {
    const test = testSchema.safeParse(each);
    if (test.success) buildBatch(test.data, { declared, path: ['tests', index], report });
  }
  return problems;
}

/** `rules` of a test file are paths; a rule file has the rules themselves. */
function isRuleFile(value: unknown): boolean {
  if (!isMapping(value) || 'tests' in (value as object)) return false;
  const { rules } = value as { readonly rules?: unknown };
  return Array.isArray(rules) && rules.some(isMapping);
}

function ruleFileProblem(document: YamlDocument): Problem {
  const remedy = `Name its tests, a file that ends in .test.yaml; \`sluice check --rules ${document.file}\` looks at the rules.`;
  return document.problem(['rules'], 'this is a rule file, not a file of tests', remedy, 'key');
}

/** A failing test is looked for by its name. */
function repeatedNames(document: YamlDocument, { tests }: WrittenTests): Problem[] {
  return tests.flatMap(({ name }, index) => {
    const first = tests.findIndex((other) => other.name === name);
    if (first === index) return [];
    const { line } = document.locate(['tests', first, 'name']);
    const message = `there already is a test of this name in line ${line}`;
    return [document.problem(['tests', index, 'name'], message, 'Give one another name.')];
  });
}

export function reportTo(document: YamlDocument, problems: Problem[]): Report {
  return (path, message, remedy, at) => void problems.push(document.problem(path, message, remedy, at));
}

export function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', problems);
}
