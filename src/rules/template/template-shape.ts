import { filterNamed } from './filters/catalogue.ts';
import type { Shape } from './filters/filter.ts';
import type { FilterCall, Placeholder, TemplateSource } from './template-part.ts';
import type { TextProblem } from '../schema/text-problem.ts';

/** What a filter reads, in the words of the messages. */
const READS: Readonly<Record<string, string>> = { json: 'a JSON document', date: 'a date', modulo: 'a whole number' };

/** Mistakes that can be seen without any row: a list of lists, a JSON path into a hash. */
export function shapeMistakes({ source, at, spread, filters }: Placeholder): TextProblem[] {
  const problems: TextProblem[] = [];
  if (spread && source.kind !== 'column' && source.kind !== 'lookup') {
    problems.push({
      at,
      message: '`[*]` is for JSON arrays, which only columns hold',
      remedy: 'Remove `[*]`, or make a list with split(",").',
    });
  }
  let shape = shapeOf(source, spread);
  let list = spread;
  let maker = 'it';
  for (const call of filters) {
    const { takes } = filterNamed(call.name);
    if (takes !== null && !takes.includes(shape)) problems.push(cannotRead(call, maker));
    const isList = makesList(call);
    if (isList && list) problems.push(listTwice(call));
    list ||= isList;
    shape = shapeAfter(call, shape);
    maker = `\`${call.name}\``;
  }
  return problems;
}

/** Whether a placeholder gives several values. */
export function isListPlaceholder({ spread, filters }: Placeholder): boolean {
  return spread || filters.some(makesList);
}

/** What is known of the value before the first filter. */
export function shapeOf(source: TemplateSource, spread: boolean): Shape {
  if (spread) return 'json';
  if (source.kind === 'epoch') return 'integer';
  return source.kind === 'column' || source.kind === 'lookup' ? 'raw' : 'text';
}

export function shapeAfter({ name }: FilterCall, before: Shape): Shape {
  const { gives } = filterNamed(name);
  return gives === 'same' ? before : gives;
}

const makesList = ({ name, values }: FilterCall): boolean => filterNamed(name).compile(values).kind === 'many';

function cannotRead({ name, at }: FilterCall, maker: string): TextProblem {
  const what = READS[name] ?? 'such a value';
  return {
    at,
    message: `\`${name}\` reads ${what}, and ${maker} gives none`,
    remedy: `Put \`${name}\` first: filters work from left to right.`,
  };
}

function listTwice({ name, at }: FilterCall): TextProblem {
  return {
    at,
    message: `\`${name}\` makes a list of what is a list already`,
    remedy: 'One list per placeholder: a JSON path may have several `[*]`, as in json("$.orders[*].items[*].id").',
  };
}
