import { never, textStep, type FilterSpec } from './filter.ts';

const plain = (apply: (text: string) => string, gives: FilterSpec['gives']): FilterSpec => ({
  parameters: [],
  takes: null,
  gives,
  bounds: never,
  compile: () => textStep(apply),
});

/** Unicode, whatever the language of the machine: `İ` gives the same text everywhere. */
export const lower = plain((text) => text.toLowerCase(), 'text');
export const upper = plain((text) => text.toUpperCase(), 'text');
/** White space of all kinds at both ends. */
export const trim = plain((text) => text.trim(), 'same');
