import type { Problem } from '../../runtime/errors.ts';
import { escapeControls, safeMessage } from '../../runtime/config/shown.ts';
import type { Mention } from '../rule-set.ts';

/** A problem with a word of a rule file. Names of rules, columns and keys come from the file, so nothing of them may command a terminal. */
export function problemAt({ file, line, column, excerpt }: Mention, message: string, remedy: string): Problem {
  const place = { file, line, column, ...(excerpt === undefined ? {} : { excerpt }) };
  return { ...place, message: safeMessage(message), remedy: escapeControls(remedy) };
}
