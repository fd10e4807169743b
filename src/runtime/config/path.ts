/** The way from the top of a document to one of its values: option names and list indexes. */
export type Path = readonly (string | number)[];

/** As people write it: `rules[2].action.refresh`. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}
