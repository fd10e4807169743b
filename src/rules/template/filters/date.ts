import { always, ArgumentMistake, FilterFailure, textStep, type FilterSpec } from './filter.ts';
import { DATE_LETTERS, type DateParts } from './date-letters.ts';

/** The canonical text of DATE, DATETIME and TIMESTAMP (docs/types.md); without a time it is midnight. */
const CANONICAL = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;

/** MySQL's DATE_FORMAT() with the names of lc_time_names = en_US. */
export const date: FilterSpec = {
  parameters: [{ name: 'format', type: 'text' }],
  takes: ['raw', 'json', 'text'],
  gives: 'text',
  bounds: always,
  compile: ([format]) => {
    const pieces = parseFormat(String(format));
    return textStep((text) => {
      const parts = partsOf(text);
      return pieces.map((piece) => (typeof piece === 'string' ? piece : piece(parts))).join('');
    });
  },
};

type Piece = string | ((parts: DateParts) => string);

function parseFormat(format: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < format.length; at++) {
    const character = format[at] ?? '';
    if (character !== '%') {
      pieces.push(character);
      continue;
    }
    const letter = format[++at] ?? '';
    const piece = letter === '%' ? '%' : DATE_LETTERS.get(letter);
    if (piece === undefined) {
      throw new ArgumentMistake(
        0,
        at - 1,
        letter === '' ? 'a `%` without a letter' : `\`%${letter}\` is no part of a date`,
        `Use the letters of MySQL's DATE_FORMAT: %Y year, %m month, %d day, %H hour, %i minute, %s second; %% for a percent sign.`,
      );
    }
    pieces.push(piece);
  }
  if (!pieces.some((piece) => typeof piece !== 'string')) {
    throw new ArgumentMistake(
      0,
      0,
      'this format has nothing of the date in it',
      'Name its parts, as in date("%Y-%m-%d").',
    );
  }
  return pieces;
}

function partsOf(text: string): DateParts {
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = ''] = CANONICAL.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) throw new FilterFailure('the value is no date');
  return { year, month, day, hour, minute, second, microsecond: fraction.padEnd(6, '0') };
}
