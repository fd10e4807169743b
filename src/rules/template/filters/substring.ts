import { LONGEST } from '../key-length.ts';
import { ArgumentMistake, textStep, type FilterSpec } from './filter.ts';

/** Counts characters from 0. Half a character is never given: an emoji counts once. */
export const substring: FilterSpec = {
  parameters: [
    { name: 'start', type: 'integer' },
    { name: 'length', type: 'integer', optional: true },
  ],
  takes: null,
  gives: 'same',
  bounds: ([, count]) => count !== undefined && Number(count) <= LONGEST,
  compile: ([from, count]) => {
    const start = Number(from);
    const end = count === undefined ? undefined : start + Number(count);
    if (start < 0)
      throw new ArgumentMistake(0, 0, 'a start cannot be negative', 'Characters are counted from 0 at the left.');
    if (Number(count) < 1)
      throw new ArgumentMistake(1, 0, 'a length must be at least 1', 'Leave it out for all the rest.');
    return textStep((text) =>
      /[\ud800-\udfff]/.test(text) ? [...text].slice(start, end).join('') : text.slice(start, end),
    );
  },
};
