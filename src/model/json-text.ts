import type { JsonValue } from './row-change.ts';

/** Strings (to be left alone), and integers too long to be sure that a double holds them. */
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** Reads JSON text; integers that a double cannot hold become strings with their exact digits. */
export function parseJson(text: string): JsonValue {
  return JSON.parse(text.replace(STRING_OR_LONG_INTEGER, quoteIfUnsafe)) as JsonValue;
}

function quoteIfUnsafe(token: string, offset: number, whole: string): string {
  if (token.startsWith('"') || Number.isSafeInteger(Number(token))) return token;
  // The digits behind a decimal point are no integer of their own.
  return whole[offset - 1] === '.' ? token : `"${token}"`;
}
