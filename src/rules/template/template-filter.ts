import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import { shown } from '../../runtime/config/shown.ts';
import { FILTERS } from './filters/catalogue.ts';
import { ArgumentMistake, type FilterSpec, type Parameter } from './filters/filter.ts';
import { parseArgument, type WrittenArgument } from './template-arguments.ts';
import type { FilterCall } from './template-part.ts';
import { splitOutsideQuotes, trimmed, type Piece } from './template-scan.ts';
import { wrong, type Parsed, type TextProblem } from '../schema/text-problem.ts';

/** What people write who come from another language. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ...['downcase', 'lowercase', 'lcase', 'tolower'].map((name) => [name, 'lower'] as const),
  ...['upcase', 'uppercase', 'ucase', 'toupper'].map((name) => [name, 'upper'] as const),
  ...['substr', 'slice', 'left', 'mid', 'truncate'].map((name) => [name, 'substring'] as const),
  ...['mod', 'shard', 'bucket'].map((name) => [name, 'modulo'] as const),
  ...['ifnull', 'coalesce', 'or', 'nvl'].map((name) => [name, 'default'] as const),
  ...['url', 'uri', 'encode', 'percent', 'url_encode', 'escape_uri'].map((name) => [name, 'urlencode'] as const),
  ...['strftime', 'date_format', 'format', 'time'].map((name) => [name, 'date'] as const),
  ...['path', 'jsonpath', 'json_extract', 'get'].map((name) => [name, 'json'] as const),
  ...['hash', 'sha', 'sha256', 'sha512'].map((name) => [name, 'sha1'] as const),
]);

/** `name` or `name(argument, …)`, with every mistake in it. */
export function parseFilter({ text, at }: Piece): Parsed<FilterCall> {
  if (text === '') return wrong(at, 'no filter behind the `|`', `Name one of ${filterNames()}, or remove the \`|\`.`);
  const name = /^[A-Za-z_]\w*/.exec(text)?.[0] ?? '';
  const call = /^\s*(?:\(([^]*)\))?$/.exec(text.slice(name.length));
  if (name === '' || call === null) {
    return wrong(at, `\`${shown(text)}\` is no filter`, 'Write a filter as in `lower` or `substring(0, 8)`.');
  }
  const filter = FILTERS.get(name);
  if (filter === undefined) return wrong(at, `there is no filter \`${shown(name)}\``, remedyForName(name));
  const parsed = argumentsOf(text, at, call[1]);
  if ('problems' in parsed) return parsed;
  const problems = mistakes(name, filter, parsed.ok, at);
  return problems.length > 0 ? { problems } : { ok: { name, values: parsed.ok.map(({ value }) => value), at } };
}

function argumentsOf(text: string, at: number, inside: string | undefined): Parsed<readonly WrittenArgument[]> {
  const piece = { text: inside ?? '', at: at + text.indexOf('(') + 1 };
  if (trimmed(piece).text === '') return { ok: [] };
  const written: WrittenArgument[] = [];
  const problems: TextProblem[] = [];
  for (const each of splitOutsideQuotes(piece, ',')) {
    const parsed = parseArgument(each);
    if ('ok' in parsed) written.push(parsed.ok);
    else problems.push(...parsed.problems);
  }
  return problems.length > 0 ? { problems } : { ok: written };
}

function mistakes(name: string, filter: FilterSpec, written: readonly WrittenArgument[], at: number): TextProblem[] {
  const remedy = `It is written ${signature(name, filter.parameters)}.`;
  const missing = filter.parameters[written.length];
  if (missing !== undefined && missing.optional === undefined) {
    return [{ at, message: `\`${name}\` needs its ${missing.name}`, remedy }];
  }
  const surplus = written[filter.parameters.length];
  if (surplus !== undefined) return [{ at: surplus.at, message: `\`${name}\` takes no more arguments`, remedy }];
  const types = written.flatMap(({ value, at: place }, i) => {
    const parameter = filter.parameters[i];
    const wanted = parameter?.type === 'integer' ? 'number' : 'string';
    if (typeof value === wanted) return [];
    const what = wanted === 'number' ? 'a whole number' : 'a text in quotes';
    return [{ at: place, message: `the ${parameter?.name ?? 'argument'} of \`${name}\` is ${what}`, remedy }];
  });
  return types.length > 0 ? types : meaningMistakes(filter, written, at);
}

function meaningMistakes(filter: FilterSpec, written: readonly WrittenArgument[], at: number): TextProblem[] {
  try {
    filter.compile(written.map(({ value }) => value));
    return [];
  } catch (error) {
    if (!(error instanceof ArgumentMistake)) throw error;
    const argument = written[error.index];
    return [{ at: argument?.places[error.offset] ?? argument?.at ?? at, message: error.message, remedy: error.remedy }];
  }
}

function signature(name: string, parameters: readonly Parameter[]): string {
  const inside = parameters.map(({ name: parameter, type, optional }, i) => {
    const shownAs = `${i === 0 ? '' : ', '}${type === 'text' ? `"${parameter}"` : parameter}`;
    return optional === undefined ? shownAs : `[${shownAs}]`;
  });
  return parameters.length === 0 ? `\`${name}\`` : `\`${name}(${inside.join('')})\``;
}

function remedyForName(name: string): string {
  const other = OTHER_NAMES.get(name.toLowerCase());
  if (other !== undefined) return `Did you mean \`${other}\`?`;
  return didYouMean(name, [...FILTERS.keys()]) ?? `There are ${filterNames()}.`;
}

const filterNames = (): string => [...FILTERS.keys()].join(', ');
