import { parsePlaceholder } from './template-placeholder.ts';
import type { Placeholder, TemplatePart } from './template-part.ts';
import { endOfPlaceholder, ESCAPE_HINT } from './template-scan.ts';
import { wrong, type Parsed, type TextProblem } from '../schema/text-problem.ts';

/**
 * A key template: fixed text and placeholders in turn. `product:{id}` is `product:` and the column `id`.
 *
 *   {name}         the column's canonical text          {`odd name`}   a column whose name is no plain word
 *   {name | lower} through filters, from left to right  {name[*]}      a key for each element of a JSON array
 *   {$name} {$1}   a constant, or a capture of `table`  {lookup.name}  a column of the lookup's rows
 *   {@table} {@database} {@epoch}                       {{  }}         a brace that stands for itself
 *
 * Everything else between braces is refused, so that later additions break no rule file. docs/rules.md has the filters.
 */
export interface KeyTemplate {
  readonly parts: readonly TemplatePart[];
}

const MAX_PLACEHOLDERS = 100;

export function parseTemplate(text: string): Parsed<KeyTemplate> {
  const parts: TemplatePart[] = [];
  const problems: TextProblem[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const pair = text.slice(at, at + 2);
    if (pair === '{{' || pair === '}}') {
      literal += pair[0];
      at += 2;
    } else if (text[at] === '{') {
      const end = endOfPlaceholder(text, at);
      if ('problems' in end) return { problems: [...problems, ...end.problems] };
      const placeholder = parsePlaceholder({ text: text.slice(at + 1, end.ok), at: at + 1 });
      if ('problems' in placeholder) problems.push(...placeholder.problems);
      else {
        if (literal !== '') parts.push(literal);
        literal = '';
        parts.push(placeholder.ok);
      }
      at = end.ok + 1;
    } else {
      if (text[at] === '}') problems.push({ at, message: 'a `}` closes nothing', remedy: ESCAPE_HINT });
      literal += text[at] ?? '';
      at += 1;
    }
  }
  if (literal !== '') parts.push(literal);
  if (problems.length > 0) return { problems };
  const tooMany = parts.filter((part) => typeof part !== 'string')[MAX_PLACEHOLDERS];
  if (tooMany === undefined) return { ok: { parts } };
  const message = `more than ${MAX_PLACEHOLDERS} placeholders in one template`;
  return wrong(tooMany.at, message, 'Name only the columns that tell one key from another.');
}

/**
 * A template for cache keys must have some fixed text: `{name}` alone would give the empty key for an empty name,
 * and one such key could be any key of the whole Redis. A `{$name}` may turn out to be a constant, which is fixed text:
 * once constants are known, `requireFixedText` says the last word.
 */
export function parseKeyTemplate(text: string): Parsed<KeyTemplate> {
  const parsed = parseTemplate(text);
  if ('problems' in parsed) return parsed;
  return parsed.ok.parts.some(isVariable) ? parsed : requireFixedText(parsed.ok);
}

/** A template with some fixed text that is not ours, or what is wrong without it. For templates whose constants are replaced. */
export function requireFixedText(template: KeyTemplate): Parsed<KeyTemplate> {
  const { parts } = template;
  const [first] = parts;
  if (typeof first === 'string' && first.startsWith(OWN_PREFIX)) {
    const remedy = 'Choose another beginning: versions and epochs are kept under this one, and no flush removes them.';
    return wrong(0, `keys that begin with \`${OWN_PREFIX}\` belong to Sluice itself`, remedy);
  }
  if (parts.some((part) => typeof part === 'string')) return { ok: template };
  if (parts.length === 0) return wrong(0, 'a key cannot be empty', 'Write a key such as "product:{id}".');
  return wrong(0, 'this key would be empty when its columns are', 'Begin it with fixed text, such as "product:{id}".');
}

/** A partition key only chooses a partition: nothing but columns is fine, nothing at all is a mistake. */
export function parsePartitionKey(text: string): Parsed<KeyTemplate> {
  if (text !== '') return parseTemplate(text);
  return wrong(0, 'a partition key cannot be empty', 'Leave the option out: the cache key is then the partition key.');
}

/** A key that a table change deletes: there is no row then, so nothing of a row may be in it. */
export function parseRowlessKey(text: string): Parsed<KeyTemplate> {
  const parsed = parseKeyTemplate(text);
  if ('problems' in parsed) return parsed;
  const problems = parsed.ok.parts.flatMap((part) => {
    if (typeof part === 'string' || (part.source.kind !== 'column' && part.source.kind !== 'lookup')) return [];
    const message = 'a table change has no row, so its keys have no columns';
    return [
      { at: part.at, message, remedy: 'Name the whole key, or choose `flush`: it removes every key of the rule.' },
    ];
  });
  return problems.length > 0 ? { problems } : parsed;
}

/** Versions (`sluice:v:…`), epochs, and what preflight tries. */
const OWN_PREFIX = 'sluice:';

const isVariable = (part: TemplatePart): part is Placeholder =>
  typeof part !== 'string' && part.source.kind === 'variable';
