import { EvaluationError, type ParseError } from '@marcbachmann/cel-js';
import { errorMessage } from '../../runtime/errors.ts';
import { shown } from '../../runtime/config/shown.ts';
import { wrong } from '../schema/text-problem.ts';

/** What the library says of an expression, in words for its author. */
export function wrongExpression(error: unknown, text: string): ReturnType<typeof wrong> {
  const { range, code, summary = errorMessage(error).split('\n')[0] ?? '' } = error as Partial<ParseError>;
  const at = range?.start ?? 0;
  if (code === 'limit_exceeded') {
    return wrong(at, 'this is too large for a condition', 'Use several rules, each with a shorter condition.');
  }
  if (summary.startsWith('Invalid escape sequence')) {
    const remedy = 'Write a backslash twice in a CEL text, or put an r before its quote, as in r"^\\d+$".';
    return wrong(at, shown(`${summary.charAt(0).toLowerCase()}${summary.slice(1)}`), remedy);
  }
  const sql = code === 'unexpected_character' || code === 'unexpected_token' ? sqlMistake(text, at) : null;
  if (sql !== null) return sql;
  // Their message repeats the text with a caret of its own; the summary does not.
  const words = shown(`${summary.charAt(0).toLowerCase()}${summary.slice(1)}`);
  const message = summary === 'Unexpected token: EOF' ? 'the expression ends too early' : words;
  return wrong(at, message, "Write a condition in CEL, such as `op != 'update' || before.price != after.price`.");
}

const IN_CEL: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!', is: '==', '=': '==', '<>': '!=' };

/** What SQL writes in another way, at this place or just before it. */
function sqlMistake(text: string, at: number): ReturnType<typeof wrong> | null {
  for (const found of text.matchAll(/\b(?:and|or|not|is)\b|<>|(?<![=!<>])=(?!=)/gi)) {
    const [word] = found;
    if (found.index > at || found.index + word.length < at) continue;
    return wrong(found.index, `CEL has no \`${word}\``, `Write \`${IN_CEL[word.toLowerCase()] ?? ''}\`.`);
  }
  return null;
}

/** An evaluation that ends in words of our own, which show nothing of the row. */
export class UndecidedError extends Error {}

/** Their messages tell of types only; those of other codes may end in a value. */
const ABOUT_TYPES: ReadonlySet<string> = new Set([
  'no_such_overload',
  'no_matching_overload',
  'invalid_condition_type',
  'invalid_logical_operand',
  'invalid_comprehension_range',
  'invalid_index_type',
  'unsupported_type',
]);

/** Why an expression failed with a row. Values of the row stay out of it, as it goes into logs. */
export function reasonOf(error: unknown): string {
  if (error instanceof UndecidedError) return error.message;
  if (!(error instanceof EvaluationError)) return 'a function cannot work on its value';
  const { code, summary } = error;
  return ABOUT_TYPES.has(code) ? summary : (summary.split(':')[0] ?? '');
}
