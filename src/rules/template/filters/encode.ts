import { never, textStep, type FilterSpec } from './filter.ts';

/** Encodings of the text's UTF-8 bytes. Half a surrogate pair, which MySQL cannot store, becomes U+FFFD in each of them. */
const encoding = (apply: (text: string) => string): FilterSpec => ({
  parameters: [],
  takes: null,
  gives: 'opaque',
  bounds: never,
  compile: () => textStep(apply),
});

export const hex = encoding((text) => Buffer.from(text).toString('hex'));
/** On one line, with padding. */
export const base64 = encoding((text) => Buffer.from(text).toString('base64'));
export const urlencode = encoding(percentEncoded);

/** RFC 3986: everything but letters, digits and `-._~`. */
function percentEncoded(text: string): string {
  return encodeURIComponent(wellFormed(text)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `encodeURIComponent` throws on half a surrogate pair. */
const wellFormed = (text: string): string => (/[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text);
