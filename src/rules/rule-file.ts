import { ProblemsError, type Problem } from '../runtime/errors.ts';
import { YamlDocument, validate } from '../runtime/config/yaml-document.ts';
import { compileRules } from './compile-rules.ts';
import { ruleFileSchema, type ParsedRule } from './rule-schema.ts';
import type { RuleSet } from './rule-set.ts';

export interface RuleFile {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
}

/** A rule that is right by itself, and where it stands. */
export interface LocatedRule {
  readonly rule: ParsedRule;
  readonly document: YamlDocument;
  /** Its place in the document's list. */
  readonly index: number;
}

/** Reads rule files into one rule set. Throws ProblemsError with every mistake of every file, in the order of the files. */
export function loadRules(files: readonly RuleFile[]): RuleSet {
  const documents = files.map(({ file, text }) => new YamlDocument(file, text));
  const problems: Problem[] = [];
  const rules = documents.flatMap((document) => readRules(document, problems));
  problems.push(...repeatedNames(documents));
  if (files.length === 0) {
    problems.push({ message: 'there is no rule file', remedy: 'Write one; config/rules.example.yaml is an example.' });
  }
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', inOrder(problems, files));
  return compileRules(rules);
}

function readRules(document: YamlDocument, problems: Problem[]): LocatedRule[] {
  const syntax = document.syntaxProblems();
  if (syntax.length > 0) {
    problems.push(...syntax);
    return [];
  }
  const checked = validate(ruleFileSchema, document, document.value());
  if (!checked.ok) {
    problems.push(...checked.problems);
    return [];
  }
  return checked.value.rules.map((rule, index) => ({ rule, document, index }));
}

/** Looked for in the plain values, so that it is found in a file with other mistakes too. */
function repeatedNames(documents: readonly YamlDocument[]): Problem[] {
  const first = new Map<string, string>();
  return documents.flatMap((document) =>
    ruleNames(document).flatMap(({ name, index }) => {
      const path = ['rules', index, 'name'];
      const earlier = first.get(name);
      if (earlier !== undefined) {
        return [document.problem(path, `there already is a rule \`${name}\` at ${earlier}`, 'Give one another name.')];
      }
      const { line, column } = document.locate(path);
      first.set(name, `${document.file}:${line}:${column}`);
      return [];
    }),
  );
}

function ruleNames(document: YamlDocument): { name: string; index: number }[] {
  const rules: unknown = field(document.value(), 'rules');
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule, index) => {
    const name = field(rule, 'name');
    return typeof name === 'string' ? [{ name, index }] : [];
  });
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

function inOrder(problems: readonly Problem[], files: readonly RuleFile[]): Problem[] {
  const order = new Map(files.map(({ file }, index) => [file, index]));
  const rank = (problem: Problem): number => order.get(problem.file ?? '') ?? 0;
  return [...problems].sort(
    (a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
