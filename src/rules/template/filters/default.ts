import { ArgumentMistake, never, type FilterSpec } from './filter.ts';

/** The text for NULL, and for what a JSON path does not find. */
export const defaultText: FilterSpec = {
  parameters: [{ name: 'text', type: 'text' }],
  takes: null,
  gives: 'same',
  bounds: never,
  compile: ([text]) => {
    if (text === '') {
      throw new ArgumentMistake(
        0,
        0,
        'the text for NULL cannot be empty: NULL and an empty value would share a key',
        'Write a text that no value has, such as default("NULL").',
      );
    }
    return { kind: 'default', text: String(text) };
  },
};
