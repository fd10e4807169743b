import type { JsonValue } from '../model/row-change.ts';

/**
 * Whether the JSON text of the value is certainly longer than `bytes`: each character is at least one. Says no quickly when it is,
 * and never makes the text. A value that is not may still be too long, by its escapes and by characters of several bytes.
 */
export function isLargerThan(value: JsonValue, bytes: number): boolean {
  return rest(value, bytes) < 0;
}

/** What is left of `bytes`; negative as soon as it is known to be too little. */
function rest(value: JsonValue, bytes: number): number {
  if (typeof value === 'string') return bytes - value.length;
  if (typeof value !== 'object' || value === null) return bytes;
  let left = bytes;
  for (const [name, part] of Object.entries(value)) {
    left = rest(part, left - name.length);
    if (left < 0) break;
  }
  return left;
}
