import type { ChangeBatch } from '../../model/row-change.ts';
import type { Epochs } from '../../model/position.ts';
import type { Path } from '../../runtime/config/path.ts';
import { YamlDocument, validate } from '../../runtime/config/yaml-document.ts';
import { ProblemsError, type Problem } from '../../runtime/errors.ts';
import type { RuleSet } from '../rule-set.ts';
import { buildBatch, epochsOf } from './build-changes.ts';
import { expectationOf, type Expectation } from './outcomes.ts';
import { ruleTestsSchema, type WrittenTests } from './test-schema.ts';
import { readAnswers, type WrittenAnswers } from './written-lookups.ts';
import { declareTables, type Report } from './written-tables.ts';

/** One test, ready to be run. */
export interface RuleTest {
  readonly name: string;
  readonly line: number;
  readonly batch: ChangeBatch;
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
  const tests = written.tests.map((test, index): RuleTest => {
    const path: Path = ['tests', index];
    return {
      name: test.name,
      line: document.locate([...path, 'name']).line,
      batch: buildBatch(test, { declared, path, report }),
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
  const result = validate(ruleTestsSchema, document, document.value());
  if (!result.ok) throw new ProblemsError('CONFIG_INVALID', result.problems);
  return result.value;
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
