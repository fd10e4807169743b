import { z } from 'zod';
import type { Problem } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { HiddenValue } from './hidden-values.ts';
import { formatPath, type Path } from './path.ts';
import { descriptionAt, discriminatorsAt, optionsAt, schemaAt } from './schema-walk.ts';
import { shown } from './shown.ts';
import type { YamlDocument } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** A schema's own check may add these to its issue (`params`): how to mend it, and which character of the text is wrong. */
export interface IssueHint {
  readonly remedy?: string;
  readonly at?: number;
}

/** What was checked against what: the whole value decides which variant of a section its author meant. */
interface Checked {
  readonly schema: z.ZodType;
  readonly document: YamlDocument;
  readonly value: unknown;
}

/** zod's issues as located problems in plain words. */
export function schemaProblems(checked: Checked, issues: readonly Issue[]): Problem[] {
  const meant = issues.flatMap(flatten).flatMap((issue) => asIfQuoted(issue, checked));
  return withoutEchoes(meant).flatMap((issue) => toProblems(issue, checked));
}

/** `ttl: 10` is no text, but in quotes it would be refused again: then that is what has to be said at once. */
function asIfQuoted(issue: Issue, { schema, value }: Checked): Issue[] {
  const path = pathOf(issue);
  const wanted = expectsText(issue) && typeof issue.input === 'number' ? schemaAt(schema, path, value) : undefined;
  const quoted = wanted === undefined ? undefined : z.safeParse(wanted, String(issue.input));
  if (quoted === undefined || quoted.success) return [issue];
  return quoted.error.issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
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

const MERGE_KEY = '<<';

/** `nam: x` is unknown and `name` is missing: one mistake, said once. So is what a merge key should have brought in. */
function withoutEchoes(issues: Issue[]): Issue[] {
  const misspelt = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ key, parent: pathOf(issue) })) : [],
  );
  return issues.filter((issue) => {
    const path = pathOf(issue);
    const name = path.at(-1);
    if (!isMissing(issue) || typeof name !== 'string') return true;
    const parent = formatPath(path.slice(0, -1));
    return !misspelt.some(
      (each) =>
        formatPath(each.parent) === parent && (each.key === MERGE_KEY || didYouMean(each.key, [name]) !== undefined),
    );
  });
}

function toProblems(issue: Issue, checked: Checked): Problem[] {
  const { schema, document, value } = checked;
  const path = pathOf(issue);
  const name = path.length === 0 ? 'the document' : `\`${formatPath(path)}\``;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownOption(path, key, checked));
  const description = descriptionAt(schema, path, value);
  if (isMissing(issue)) {
    const remedy = description === undefined ? `Add it: ${expected(issue)}.` : `Add it: ${description}`;
    return [document.problem(path.slice(0, -1), `${name} is missing`, remedy)];
  }
  const hint = issue.code === 'custom' ? (issue.params as IssueHint | undefined) : undefined;
  const remedy =
    hint?.remedy ?? urlRemedy(issue.input, path, checked) ?? remedyFor(issue) ?? description ?? 'Correct the value.';
  return [document.problem(path, `${name}: ${message(issue)}`, remedy, hint?.at ?? 'value')];
}

function unknownOption(path: Path, key: string, checked: Checked): Problem {
  const { schema, document, value } = checked;
  const option = [...path, key];
  if (key === MERGE_KEY) {
    return document.problem(option, 'YAML merge keys (<<) are not supported', 'Write the options out.', 'key');
  }
  const known = optionsAt(schema, path, value);
  const remedy =
    urlRemedy(key, path, checked) ??
    (optionsAt(schema, path).includes(key) ? otherVariant(path, schema) : undefined) ??
    didYouMean(key, known) ??
    `Remove it. Known here: ${known.join(', ')}.`;
  return document.problem(option, `unknown option \`${formatPath([...path, shown(key)])}\``, remedy, 'key');
}

/** For `brokers` without `kind: kafka`. */
function otherVariant(path: Path, schema: z.ZodType): string {
  const by = discriminatorsAt(schema, path).map((name) => `\`${formatPath([...path, name])}\``);
  return `Remove it, or choose another ${by.join(' or ')}: this one has no such option.`;
}

/** A URL that stands where the section belongs which has a place for it. */
function urlRemedy(text: unknown, path: Path, { schema, value }: Checked): string | undefined {
  if (typeof text !== 'string' || !text.includes('://') || path.length === 0) return undefined;
  // The item of a list is looked for by its place, the list itself through its items.
  if ([path, [...path, 0]].every((each) => !optionsAt(schema, each, value).includes('url'))) return undefined;
  const section = optionsAt(schema, path, value).includes('url');
  if (section && typeof path.at(-1) === 'string') return `Write \`${formatPath(path)}:\` and below it \`url: …\`.`;
  return `Write ${section ? '' : `\`${formatPath(path)}:\` and below it `}\`- name: …\` and below it \`url: …\`.`;
}

function remedyFor(issue: Issue): string | undefined {
  const { input } = issue;
  if (expectsText(issue) && typeof input === 'object' && !isHiddenScalar(input)) {
    return 'Put the text in quotes: without them YAML reads `{`, `[` and `null` as something else.';
  }
  if (expectsText(issue) && isHiddenScalar(input)) return 'Put quotes around it.';
  if (expectsText(issue) && input !== undefined) return `Put quotes around it: "${JSON.stringify(input)}".`;
  return typeof input === 'string' ? didYouMean(input, wantedWords(issue)) : undefined;
}

const isHiddenScalar = (input: unknown): boolean => input instanceof HiddenValue && input.kind === 'scalar';

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
  return wanted === '' ? issue.message : `expected ${wanted}, not ${received(issue)}`;
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

const expected = (issue: Issue): string => listed([...new Set(wanted(issue))]);

/** Each thing it could be, in words; a union is what each of its branches begins with. */
function wanted(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [KINDS[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => `\`${String(value)}\``);
  return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => branch.slice(0, 1).flatMap(wanted)) : [];
}

/** The words a value may be, for "did you mean". */
function wantedWords(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => branch.flatMap(wantedWords)) : [];
}

/** Where a section or a list belongs, a text may be anything, a password too: only for a word or a number it is shown. */
function received(issue: Issue): string {
  const { input } = issue;
  if (input === null || input === undefined) return 'nothing';
  if (input instanceof HiddenValue) return input.kind === 'scalar' ? '`***`' : `a ${input.kind}`;
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a mapping';
  if (typeof input !== 'string') return `\`${shown(JSON.stringify(input) ?? typeof input)}\``;
  const wantsWord =
    issue.code === 'invalid_type'
      ? ['number', 'int', 'boolean'].includes(issue.expected)
      : wantedWords(issue).length > 0;
  return wantsWord ? `\`${shown(input)}\`` : 'text';
}

const listed = (words: string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;

const pathOf = (issue: Issue): Path => issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
