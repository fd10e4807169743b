import { shown } from '../../runtime/config/shown.ts';
import type { FilterArgument } from './filters/filter.ts';
import { endOfQuote, type Piece } from './template-scan.ts';
import { wrong, type Parsed } from '../schema/text-problem.ts';

/** An argument of a filter; `places[i]` is where character `i` of its text stands in the template. */
export interface WrittenArgument {
  readonly value: FilterArgument;
  readonly at: number;
  readonly places: readonly number[];
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['n', '\n'],
  ['t', '\t'],
]);

/** `"text"`, `'text'` or a whole number. */
export function parseArgument({ text, at }: Piece): Parsed<WrittenArgument> {
  if (text.startsWith('"') || text.startsWith("'")) return parseText(text, at);
  if (/^[-+]?\d+$/.test(text)) {
    const value = Number(text);
    if (Number.isSafeInteger(value)) return { ok: { value, at, places: [at] } };
    return wrong(at, `the number \`${shown(text)}\` is too large`, 'Use a number below 2^53.');
  }
  if (text === '') return wrong(at, 'an argument is missing', 'Write a text in quotes, or a whole number.');
  return wrong(
    at,
    `\`${shown(text)}\` is no argument`,
    `Arguments are texts in quotes and whole numbers, as in substring(0, 8) and split(",").`,
  );
}

function parseText(text: string, at: number): Parsed<WrittenArgument> {
  const end = endOfQuote(text, 0);
  if (end !== text.length - 1) {
    return wrong(at + end + 1, 'something stands behind the closing quote', 'Arguments are separated by commas.');
  }
  let value = '';
  const places: number[] = [];
  for (let i = 1; i < end; i++) {
    places.push(at + i);
    if (text[i] !== '\\') value += text[i] ?? '';
    else {
      const escaped = ESCAPES.get(text[i + 1] ?? '');
      if (escaped === undefined) {
        return wrong(
          at + i,
          'an unknown escape',
          'There are \\\\, \\", \\\', \\n and \\t; a backslash itself is \\\\.',
        );
      }
      value += escaped;
      i++;
    }
  }
  return { ok: { value, at, places } };
}
