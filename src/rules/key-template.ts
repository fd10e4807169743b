import { shown } from '../runtime/config/shown.ts';
import { wrong, type Parsed, type TextProblem } from './text-problem.ts';

/** A column in a template; `at` is the character where its name begins, counted from 0. */
export interface TemplateColumn {
  readonly column: string;
  readonly at: number;
}

/**
 * A key template: fixed text and columns in turn. `product:{id}` is `product:` and the column `id`.
 *
 *   {name}      the column's canonical text          {`odd name`}   a column whose name is no plain word
 *   {{  }}      a brace that stands for itself
 *
 * Everything else between braces is refused, so that later additions (filters, captures) break no rule file.
 */
export interface KeyTemplate {
  readonly parts: readonly (string | TemplateColumn)[];
}

/** A plain column name, as MySQL takes it without backticks. */
const PLAIN_NAME = /^[A-Za-z0-9_$\u0080-\uffff]+$/;
const ESCAPE_HINT = 'Write `{{` and `}}` for braces that belong to the key itself.';

export function parseTemplate(text: string): Parsed<KeyTemplate> {
  const parts: (string | TemplateColumn)[] = [];
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
      if (end === -1) return { problems: [...problems, { at, message: 'a `{` is never closed', remedy: ESCAPE_HINT }] };
      const column = parseColumn(text, at + 1, end);
      if ('problems' in column) problems.push(...column.problems);
      else {
        if (literal !== '') parts.push(literal);
        literal = '';
        parts.push(column.ok);
      }
      at = end + 1;
    } else {
      if (text[at] === '}') problems.push({ at, message: 'a `}` closes nothing', remedy: ESCAPE_HINT });
      literal += text[at] ?? '';
      at += 1;
    }
  }
  if (literal !== '') parts.push(literal);
  return problems.length > 0 ? { problems } : { ok: { parts } };
}

/**
 * A template for cache keys must have some fixed text: `{name}` alone would give the empty key for an empty name,
 * and one such key could be any key of the whole Redis.
 */
export function parseKeyTemplate(text: string): Parsed<KeyTemplate> {
  const parsed = parseTemplate(text);
  if ('problems' in parsed || parsed.ok.parts.some((part) => typeof part === 'string')) return parsed;
  if (parsed.ok.parts.length === 0) return wrong(0, 'a key cannot be empty', 'Write a key such as "product:{id}".');
  return wrong(0, 'this key would be empty when its columns are', 'Begin it with fixed text, such as "product:{id}".');
}

/** A partition key only chooses a partition: nothing but columns is fine, nothing at all is a mistake. */
export function parsePartitionKey(text: string): Parsed<KeyTemplate> {
  if (text !== '') return parseTemplate(text);
  return wrong(0, 'a partition key cannot be empty', 'Leave the option out: the cache key is then the partition key.');
}

/** The template as text; parsing it gives the same template again. */
export function printTemplate(template: KeyTemplate): string {
  return template.parts
    .map((part) => (typeof part === 'string' ? part.replace(/[{}]/g, '$&$&') : `{${printName(part.column)}}`))
    .join('');
}

export function templateColumns(template: KeyTemplate): TemplateColumn[] {
  return template.parts.filter((part) => typeof part !== 'string');
}

const printName = (name: string): string => (PLAIN_NAME.test(name) ? name : `\`${name.replaceAll('`', '``')}\``);

/** The `}` that closes the placeholder at `start`, not one inside backticks; -1 if there is none. */
function endOfPlaceholder(text: string, start: number): number {
  let quoted = false;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '`') quoted = !quoted;
    else if (text[at] === '}' && !quoted) return at;
    else if (text[at] === '{' && !quoted) return -1;
  }
  return -1;
}

function parseColumn(text: string, start: number, end: number): Parsed<TemplateColumn> {
  const inside = text.slice(start, end);
  const name = inside.trim();
  const at = start + inside.length - inside.trimStart().length;
  if (name === '') return wrong(at, 'no column between the braces', `Name a column, as in {id}. ${ESCAPE_HINT}`);
  const quoted = /^`((?:[^`]|``)+)`$/.exec(name)?.[1];
  if (quoted !== undefined) return { ok: { column: quoted.replaceAll('``', '`'), at } };
  if (PLAIN_NAME.test(name)) return { ok: { column: name, at } };
  return wrong(
    at,
    `\`${shown(name)}\` is no column name`,
    'Between braces stands one column; an odd name goes in backticks.',
  );
}
