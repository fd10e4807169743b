import { scanSql, type SqlToken } from './sql-scan.ts';
import type { Parsed, TextProblem } from './text-problem.ts';

/** A refresh query with `?` for each `:name`, and the columns that fill them, in order. */
export interface RefreshQuery {
  /** As written. */
  readonly text: string;
  readonly sql: string;
  readonly parameters: readonly string[];
  /** Where each parameter's colon stands in `text`. */
  readonly places: readonly number[];
}

const oneSelect = (what: string): string => `${what} is a single SELECT (or WITH … SELECT).`;
/** Reserved words, so no column or table has such a name without backticks; none belongs in a query that only reads. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'INTO',
  'INSERT',
  'UPDATE',
  'DELETE',
  'DROP',
  'ALTER',
  'CALL',
  'GRANT',
]);

/** Values only ever travel as parameters, never as text: what stands in a row can not become SQL. `what` it is, for its author. */
export function parseRefreshQuery(text: string, what = 'A refresh query'): Parsed<RefreshQuery> {
  const { tokens, unterminated } = scanSql(text);
  const problems: TextProblem[] = [];
  if (unterminated !== null) {
    problems.push({ at: unterminated, message: 'this never ends', remedy: 'Close the quote, backtick or comment.' });
  }
  const first = tokens.find((token) => token.kind !== 'symbol' || token.text !== '(');
  if (first?.kind !== 'word' || !['SELECT', 'WITH'].includes(first.text.toUpperCase())) {
    problems.push({ at: first?.at ?? 0, message: 'this is no SELECT', remedy: oneSelect(what) });
  }
  for (const [index, token] of tokens.entries()) {
    const problem = problemOf(token, tokens[index + 1], oneSelect(what));
    if (problem !== null && token !== first) problems.push({ at: token.at, ...problem });
  }
  if (problems.length > 0) return { problems };
  const named = tokens.filter((token) => token.kind === 'parameter');
  let sql = '';
  let from = 0;
  for (const token of named) {
    sql += `${text.slice(from, token.at)}?`;
    from = token.end;
  }
  sql += text.slice(from);
  return {
    ok: { text, sql: sql.trim(), parameters: named.map(({ text }) => text), places: named.map(({ at }) => at) },
  };
}

function problemOf(
  token: SqlToken,
  next: SqlToken | undefined,
  oneSelectRemedy: string,
): { message: string; remedy: string } | null {
  if (token.kind === 'word') {
    const word = token.text.toUpperCase();
    // INSERT(…) is also a function on strings.
    const isFunction = word === 'INSERT' && next?.text === '(';
    return FORBIDDEN.has(word) && !isFunction
      ? { message: `${word} has no place in it`, remedy: oneSelectRemedy }
      : null;
  }
  if (token.kind !== 'symbol') return null;
  if (token.text === ';') return { message: 'a `;` separates statements', remedy: `Remove it. ${oneSelectRemedy}` };
  if (token.text === '?')
    return { message: 'a `?` names no column', remedy: 'Write `:column` for a value of the row.' };
  if (token.text === '{')
    return {
      message: 'a `{` fills nothing in here',
      remedy: 'Write `:column` for a value of the row: values travel as parameters, never as text.',
    };
  if (token.text === '/*!') return { message: 'a `/*! … */` comment is executed', remedy: 'Remove it.' };
  return null;
}
