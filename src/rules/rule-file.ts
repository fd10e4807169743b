import { ProblemsError, type Problem } from '../runtime/errors.ts';
import { YamlDocument, validate } from '../runtime/config/yaml-document.ts';
import { checkReferences, templateReferences } from './schema/check-references.ts';
import { compileRules } from './compile-rules.ts';
import { resolveConstants, type Constants, type ConstantSources } from './schema/constants.ts';
import { effectiveRule, type EffectiveRule } from './schema/effective-rule.ts';
import { ruleFileSchema } from './schema/rule-schema.ts';
import type { RuleSet } from './rule-set.ts';
import { missingActions } from './schema/missing-actions.ts';
import { rightParts } from './schema/right-parts.ts';

export interface RuleFile {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
}

/** A rule that is right, and where it stands. */
export interface LocatedRule {
  readonly effective: EffectiveRule;
  /** Those of its file. */
  readonly constants: Constants;
  readonly document: YamlDocument;
  /** Its place in the document's list. */
  readonly index: number;
}

/** Nothing: an environment without variables, and no file. For rules that are to mean the same everywhere. */
const NO_SOURCES: ConstantSources = {
  env: {},
  readFile: () => {
    throw new Error('no files can be read here');
  },
};

/**
 * Reads rule files into one rule set. Throws ProblemsError with every mistake of every file, in the order of the files.
 * `sources` is what `constants` may read.
 */
export function loadRules(files: readonly RuleFile[], sources: ConstantSources = NO_SOURCES): RuleSet {
  const documents = files.map(({ file, text }) => new YamlDocument(file, text));
  const problems: Problem[] = [];
  const rules = documents.flatMap((document) => readRules(document, sources, problems));
  problems.push(...repeatedNames(documents));
  if (files.length === 0) {
    problems.push({ message: 'there is no rule file', remedy: 'Write one; config/rules.example.yaml is an example.' });
  }
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', inOrder(problems, files));
  return compileRules(rules);
}

function readRules(document: YamlDocument, sources: ConstantSources, problems: Problem[]): LocatedRule[] {
  const syntax = document.syntaxProblems();
  if (syntax.length > 0) {
    problems.push(...syntax);
    return [];
  }
  const value = document.value();
  const checked = validate(ruleFileSchema, document, value);
  if (!checked.ok) problems.push(...checked.problems);
  problems.push(...missingActions(document, value));
  // What is right by itself is looked at further, so that one mistake does not hide another.
  const { constants: written, defaults, rules, halves } = rightParts(value, checked);
  const resolved = written === null ? null : resolveConstants(written, document, sources);
  problems.push(...(resolved?.problems ?? []));
  const names = { document, constants: resolved?.constants ?? null };
  problems.push(...halves.flatMap((half) => templateReferences(names, half)));
  return rules.map(({ rule, index }) => {
    const effective = effectiveRule(rule, defaults ?? {}, index);
    problems.push(...checkReferences({ document, effective, constants: resolved?.constants ?? null, index }));
    return { effective, constants: resolved?.constants ?? new Map(), document, index };
  });
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
