import { never, type FilterSpec } from './filter.ts';
import { parsePath, valuesAt } from './json-path.ts';

/** What a path finds in a JSON document; nothing there is NULL. With `[*]` in the path it is a list. */
export const json: FilterSpec = {
  parameters: [{ name: 'path', type: 'text' }],
  takes: ['raw', 'json'],
  gives: 'json',
  bounds: never,
  compile: ([text]) => {
    const path = parsePath(String(text));
    return path.isList
      ? { kind: 'many', apply: (document) => valuesAt(path, document) }
      : { kind: 'one', apply: (document) => valuesAt(path, document)[0] ?? null };
  },
};
