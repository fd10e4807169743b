import { flushPattern } from './flush-pattern.ts';
import type { KeyTemplate } from './key-template.ts';

/** More than any integer column can hold: digits, as most rows would have there, and no row has these. */
const NOBODY = '94170250393774160231';

/**
 * A key that the template could give and that nobody has: to ask a server whether such keys may be touched. Null for a
 * template of fixed text, whose only key may well be there.
 */
export function sampleKey(template: KeyTemplate): string | null {
  const pattern = flushPattern(template);
  const sample = pattern.replace(/\\(.)|\*/gs, (_, escaped: string | undefined) => escaped ?? NOBODY);
  return sample.includes(NOBODY) ? sample : null;
}
