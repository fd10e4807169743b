import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { formatPath, type Path } from './path.ts';
import { descriptionAt, optionsAt } from './schema-walk.ts';
import type { YamlDocument } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** A schema's own check may add these to its issue (`params`): how to mend it, and which character of the text is wrong. */
export interface IssueHint {
  readonly remedy?: string;
  readonly at?: number;
}

/** zod's issues as located problems in plain words. */
export function schemaProblems(schema: z.ZodType, document: YamlDocument, issues: readonly Issue[]): Problem[] {
  return withoutEchoes(issues.flatMap(flatten)).flatMap((issue) => toProblems(issue, schema, document));
}

/**
 * A union reports what each of its branches would have wanted. When the value is of the right kind for one branch
 * (a mapping where one expects a mapping), that branch is the one its author meant, and its issues are what counts.
 */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const meant = issue.errors.filter((branch) => !branch.some(isWrongKind));
  const best = meant.sort((a, b) => a.length - b.length)[0];
  if (best === undefined) return [issue];
  return best.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

const isWrongKind = (issue: Issue): boolean =>
  issue.path.length === 0 &&
  (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union');

/** `nam: x` is unknown and `name` is missing: one mistake, said once. */
function withoutEchoes(issues: Issue[]): Issue[] {
  const misspelt = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ key, parent: pathOf(issue) })) : [],
  );
  return issues.filter((issue) => {
    const path = pathOf(issue);
    const name = path.at(-1);
    if (!isMissing(issue) || typeof name !== 'string') return true;
    const parent = formatPath(path.slice(0, -1));
    return !misspelt.some((each) => formatPath(each.parent) === parent && didYouMean(each.key, [name]) !== undefined);
  });
}

function toProblems(issue: Issue, schema: z.ZodType, document: YamlDocument): Problem[] {
  const path = pathOf(issue);
  const name = path.length === 0 ? 'the document' : `\`${formatPath(path)}\``;
  if (issue.code === 'unrecognized_keys') {
    const known = optionsAt(schema, path);
    return issue.keys.map((key) => {
      const option = [...path, key];
      const remedy = didYouMean(key, known) ?? `Remove it. Known here: ${known.join(', ')}.`;
      return document.problem(option, `unknown option \`${formatPath(option)}\``, remedy, 'key');
    });
  }
  const description = descriptionAt(schema, path);
  if (isMissing(issue)) {
    const remedy = description === undefined ? `Add it: ${expected(issue)}.` : `Add it: ${description}`;
    return [document.problem(path.slice(0, -1), `${name} is missing`, remedy)];
  }
  const hint = issue.code === 'custom' ? (issue.params as IssueHint | undefined) : undefined;
  const remedy = hint?.remedy ?? remedyFor(issue) ?? description ?? 'Correct the value.';
  return [document.problem(path, `${name}: ${message(issue)}`, remedy, hint?.at ?? 'value')];
}

function remedyFor(issue: Issue): string | undefined {
  if (expectsText(issue) && typeof issue.input === 'object') {
    return 'Put the text in quotes: without them YAML reads `{`, `[` and `null` as something else.';
  }
  if (expectsText(issue) && issue.input !== undefined) return `Put quotes around it: "${JSON.stringify(issue.input)}".`;
  return typeof issue.input === 'string' ? didYouMean(issue.input, wantedWords(issue)) : undefined;
}

const expectsText = (issue: Issue): boolean => issue.code === 'invalid_type' && issue.expected === 'string';

const isMissing = (issue: Issue): boolean =>
  issue.path.length > 0 &&
  issue.input === undefined &&
  (issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union');

function message(issue: Issue): string {
  if (issue.code !== 'invalid_type' && issue.code !== 'invalid_value' && issue.code !== 'invalid_union') {
    return issue.message;
  }
  const wanted = expected(issue);
  return wanted === '' ? issue.message : `expected ${wanted}, not ${received(issue.input)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function expected(issue: Issue): string {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return listed(issue.values.map((value) => `\`${String(value)}\``));
  if (issue.code !== 'invalid_union') return '';
  return listed([...new Set(issue.errors.flatMap((branch) => branch.slice(0, 1).map(expected)))].filter(Boolean));
}

/** The words a value may be, for "did you mean". */
function wantedWords(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => branch.flatMap(wantedWords)) : [];
}

function received(input: unknown): string {
  if (input === null || input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a mapping';
  return typeof input === 'string' ? `\`${input}\`` : `\`${JSON.stringify(input) ?? typeof input}\``;
}

const listed = (words: string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;

const pathOf = (issue: Issue): Path => issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
