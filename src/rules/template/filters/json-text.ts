import type { JsonValue } from '../../../model/row-change.ts';
import { FilterFailure } from './filter.ts';

/** Numbers whose digits JavaScript would not keep: many digits, decimals, exponents. */
const DELICATE = /\d{16}|\d[.eE]/;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * A JSON text as a document. Delicate numbers become strings with exactly their digits: an id above 2^53 would otherwise be
 * rounded to another row's id, without a word. Throws FilterFailure when it is no JSON.
 */
export function parseJson(text: string): JsonValue {
  try {
    const document = JSON.parse(text) as JsonValue;
    if (!DELICATE.test(text)) return document;
    return JSON.parse(
      text.replace(STRING_OR_NUMBER, (token) => (token.startsWith('"') ? token : `"${token}"`)),
    ) as JsonValue;
  } catch {
    throw new FilterFailure('the value is no JSON document');
  }
}
