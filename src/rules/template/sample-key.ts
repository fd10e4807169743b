import { flushPattern } from './flush-pattern.ts';
import type { KeyTemplate } from './key-template.ts';

/** Sixteen digits: what most rows would put there, and what hardly a row has put there. */
const NOBODY = '4170250393774160';

/** A key that the template could give and that most likely nobody has: to ask a server whether such keys may be touched. */
export function sampleKey(template: KeyTemplate): string {
  return flushPattern(template).replace(/\\(.)|\*/gs, (_, escaped: string | undefined) => escaped ?? NOBODY);
}
