import { ArgumentMistake, never, textStep, type FilterSpec } from './filter.ts';

/**
 * Percent-encodes `%` and the given characters, so that no value can contain a separator of the key: then different
 * values always give different keys, as `{a | escape}:{b | escape}` does and `{a}:{b}` does not ("x:y" and "z", or "x" and "y:z").
 */
export const escape: FilterSpec = {
  parameters: [{ name: 'characters', type: 'text', optional: true }],
  takes: null,
  gives: 'opaque',
  bounds: never,
  compile: ([characters = ':']) => {
    const codes = new Map(['%', ...String(characters)].map((character) => [character, percent(character)]));
    check(String(characters));
    const one = new RegExp(`[${[...codes.keys()].map(inClass).join('')}]`, 'gu');
    return textStep((text) => text.replace(one, (character) => codes.get(character) ?? character));
  },
};

function check(characters: string): void {
  if (characters === '') {
    throw new ArgumentMistake(
      0,
      0,
      'there is no character to escape',
      'Name the separators of the key, as in escape(":").',
    );
  }
  // `%3A` itself is made of these: escaping cannot take them out of the text.
  const digit = characters.search(/[0-9A-Fa-f]/);
  if (digit !== -1) {
    throw new ArgumentMistake(
      0,
      digit,
      `\`${characters[digit] ?? ''}\` cannot be escaped: escapes such as \`%3A\` are made of it`,
      'Separate the parts of the key by another character, such as `:`.',
    );
  }
  const half = characters.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
  if (half !== -1)
    throw new ArgumentMistake(0, half, 'half a character cannot be escaped', 'Write the whole character.');
}

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

const inClass = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
