import type { Problem } from '../../runtime/errors.ts';
import type { Mention } from '../rule-set.ts';

/** A problem with a word of a rule file. */
export function problemAt({ file, line, column }: Mention, message: string, remedy: string): Problem {
  return { file, line, column, message, remedy };
}
