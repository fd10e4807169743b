import type { ASTNode } from '@marcbachmann/cel-js';
import { errorMessage } from '../../runtime/errors.ts';
import { unsafeExpression } from '../table/safe-expression.ts';
import type { TextProblem } from '../schema/text-problem.ts';

/** Longest text that `matches` is asked about; the expression must be quick with every text up to there. */
export const MAX_MATCHED_LENGTH = 4096;

/** What is wrong with the argument of `matches`. A pattern that comes from a row could be anything, also one that takes years. */
export function unfitPattern(pattern: ASTNode): TextProblem | null {
  const at = pattern.start;
  if (pattern.op !== 'value' || typeof pattern.args !== 'string') {
    const remedy = 'Write the regular expression itself: after.name.matches("^[a-z]+$").';
    return { at, message: '`matches` takes a text, nothing that is computed', remedy };
  }
  const source = pattern.args;
  try {
    new RegExp(source);
  } catch (error) {
    const remedy = 'Mend the regular expression. A backslash is written twice in a CEL text, or use r"…".';
    return { at, message: errorMessage(error), remedy };
  }
  const judge = (whole: boolean): TextProblem | null =>
    unsafeExpression(source, '', { maxLength: MAX_MATCHED_LENGTH, whole });
  // Only with `^` in front of everything the engine does not begin anew at each character.
  const whole = source.startsWith('^') && !source.includes('|');
  const unsafe = judge(whole);
  if (unsafe === null) return null;
  const remedy = !whole && judge(true) === null ? 'Begin it with `^`, so that it is tried once.' : unsafe.remedy;
  return { at, message: unsafe.message, remedy };
}
