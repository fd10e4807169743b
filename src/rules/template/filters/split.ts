import { ArgumentMistake, never, textOf, type FilterSpec } from './filter.ts';

/** A list of what stands between the separators, as it is: `a, b` has the element ` b`. An empty text is an empty list. */
export const split: FilterSpec = {
  parameters: [{ name: 'separator', type: 'text', optional: true }],
  takes: null,
  gives: 'text',
  bounds: never,
  compile: ([separator = ',']) => {
    if (separator === '') {
      throw new ArgumentMistake(
        0,
        0,
        'a separator cannot be empty',
        'Name what stands between the elements, as in split(",").',
      );
    }
    return {
      kind: 'many',
      apply: (value) => {
        const text = textOf(value);
        return text === '' ? [] : text.split(String(separator));
      },
    };
  },
};
