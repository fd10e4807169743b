/**
 * Pieces of regular expressions for the text that RecordEncoder writes. Each takes less than the strict reader takes and never
 * more, so what they match needs no further check.
 */

/** ASCII without escapes, which therefore is what it says. */
export const TEXT = String.raw`[ !#-\[\]-\x7f]*`;

/** Whole numbers that a double holds; of those from 9·10^15 up not all are, and none is taken. */
export const NATURAL = String.raw`(?:0|[1-8]\d{0,15}|9\d{0,14})`;

/** Text with escapes, for what goes through JSON.parse. */
const JSON_TEXT = String.raw`"${TEXT}(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})${TEXT})*"`;
/** Bounded: JSON.parse makes Infinity of too many digits. */
const JSON_NUMBER = String.raw`-?(?:0|[1-9]\d{0,19})(?:\.\d{1,20})?`;
const JSON_SCALAR = `(?:${JSON_NUMBER}|${JSON_TEXT}|null|true|false)`;
const MEMBER = `${JSON_TEXT}:${JSON_SCALAR}`;

/** An object of scalars. */
export const FLAT_OBJECT = String.raw`\{(?:${MEMBER}(?:,${MEMBER})*)?\}`;

/** Days that exist; of the leap days those of years that end in 00 are not taken. */
const DAY =
  String.raw`(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))` +
  String.raw`|\d\d(?:0[48]|[2468][048]|[13579][26])-02-29)`;

/** Times as TimeFormatter writes them. */
export const TIME = String.raw`${DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}(?:\d{3})?Z`;
