import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import { shown } from '../../runtime/config/shown.ts';
import { parseFilter } from './template-filter.ts';
import type { FilterCall, Placeholder, TemplateSource } from './template-part.ts';
import { ESCAPE_HINT, splitOutsideQuotes, trimmed, type Piece } from './template-scan.ts';
import { shapeMistakes } from './template-shape.ts';
import { wrong, type Parsed, type TextProblem } from '../schema/text-problem.ts';

/** A plain column name, as MySQL takes it without backticks; one that begins with `$` is a variable here. */
export const PLAIN_NAME = /^[A-Za-z0-9_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*$/;
const TABLE_FACTS: readonly string[] = ['table', 'database', 'epoch'] satisfies TemplateSource['kind'][];

/** What stands between two braces: `source[*] | filter | filter(…)`. */
export function parsePlaceholder(piece: Piece): Parsed<Placeholder> {
  const [first = piece, ...rest] = splitOutsideQuotes(piece, '|');
  const problems: TextProblem[] = [];
  const filters: FilterCall[] = [];
  const spread = /\[\s*\*\s*\]$/.exec(first.text);
  const name = trimmed(spread === null ? first : { text: first.text.slice(0, spread.index), at: first.at });
  const source = parseSource(name);
  if ('problems' in source) problems.push(...source.problems);
  for (const each of rest) {
    const filter = parseFilter(each);
    if ('ok' in filter) filters.push(filter.ok);
    else problems.push(...filter.problems);
  }
  if ('problems' in source || problems.length > 0) return { problems };
  const placeholder = { source: source.ok, at: name.at, spread: spread !== null, filters };
  const shape = shapeMistakes(placeholder);
  return shape.length > 0 ? { problems: shape } : { ok: placeholder };
}

function parseSource({ text, at }: Piece): Parsed<TemplateSource> {
  if (text === '') return wrong(at, 'no column between the braces', `Name a column, as in {id}. ${ESCAPE_HINT}`);
  if (text.startsWith('$')) return parseVariable(text, at);
  if (text.startsWith('@')) return parseTableFact(text, at);
  if (text.startsWith('lookup.')) {
    const name = columnName(text.slice('lookup.'.length));
    if (name !== undefined) return { ok: { kind: 'lookup', name } };
    return wrong(
      at,
      `\`${shown(text)}\` names no column of the lookup`,
      'Write {lookup.name}; an odd name goes in backticks.',
    );
  }
  const name = columnName(text);
  return name === undefined ? noColumn(text, at) : { ok: { kind: 'column', name } };
}

function parseVariable(text: string, at: number): Parsed<TemplateSource> {
  const name = text.slice(1);
  if (/^(?:[A-Za-z_][A-Za-z0-9_]*|[1-9]\d?)$/.test(name)) return { ok: { kind: 'variable', name } };
  return wrong(
    at,
    `\`${shown(text)}\` is no constant and no capture`,
    'Write {$name} for a constant or a capture (?<name>…) of `table`, and {$1} for its first capture.',
  );
}

function parseTableFact(text: string, at: number): Parsed<TemplateSource> {
  const name = text.slice(1);
  if (name === 'table' || name === 'database' || name === 'epoch') return { ok: { kind: name } };
  const remedy = didYouMean(name, TABLE_FACTS)?.replace('`', '`@') ?? 'There are {@table}, {@database} and {@epoch}.';
  return wrong(at, `there is no \`${shown(text)}\``, remedy);
}

/** A plain name, or any name in backticks. */
function columnName(text: string): string | undefined {
  if (PLAIN_NAME.test(text)) return text;
  return /^`((?:[^`]|``)+)`$/.exec(text)?.[1]?.replaceAll('``', '`');
}

function noColumn(text: string, at: number): ReturnType<typeof wrong> {
  const element = /^(.*?)\s*\[[^\]]*\]$/s.exec(text);
  if (element !== null && columnName(element[1] ?? '') !== undefined) {
    return wrong(
      at,
      `\`${shown(text)}\` is no column name`,
      'Only `[*]` may follow a name: all elements of a JSON array. For one of them write {name | json("$[0]")}.',
    );
  }
  const image = /^(?:before|after|new|old)\./i.exec(text)?.[0];
  if (image !== undefined) {
    return wrong(
      at,
      `\`${shown(text)}\` is no column name`,
      'Write the column alone: keys are made from the row before the change and from the row after it.',
    );
  }
  return wrong(
    at,
    `\`${shown(text)}\` is no column name`,
    'Between braces stands one column; an odd name goes in backticks.',
  );
}
