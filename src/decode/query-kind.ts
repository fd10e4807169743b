/**
 * What the text of a query event means for the borders of transactions.
 *
 * - `begin`: a transaction opens (`BEGIN`)
 * - `commit`: it ends (`COMMIT`; `ROLLBACK` too, because what stands in the log before it was not taken back: rows of an
 *   engine without transactions)
 * - `xa start`: an XA transaction opens
 * - `xa commit`, `xa rollback`: a transaction of its own that ends a prepared one
 * - `inside`: goes on inside (savepoints, `XA END`)
 * - `rows`: a statement that changes rows and was logged as text; its rows cannot be known
 * - `definition`: everything else: DDL, GRANT, …; its own transaction unless one is open
 *
 * Source: MySQL manual, "Binary Logging Formats"; the server writes these texts itself, so their form is fixed.
 */
export type QueryKind =
  'begin' | 'commit' | 'xa start' | 'xa commit' | 'xa rollback' | 'inside' | 'rows' | 'definition';

const PATTERNS: readonly (readonly [RegExp, QueryKind])[] = [
  [/^(BEGIN|START TRANSACTION)\b/i, 'begin'],
  [/^XA (START|BEGIN)\b/i, 'xa start'],
  [/^XA COMMIT\b/i, 'xa commit'],
  [/^XA ROLLBACK\b/i, 'xa rollback'],
  [/^ROLLBACK\s+(WORK\s+)?TO\b/i, 'inside'],
  [/^(COMMIT|ROLLBACK)\b/i, 'commit'],
  [/^(SAVEPOINT|RELEASE SAVEPOINT|XA (END|PREPARE))\b/i, 'inside'],
  // The server empties MEMORY tables this way after a restart, whatever the format: no rows, but TRUNCATE in effect.
  [/^DELETE FROM `(?:[^`]|``)+`\.`(?:[^`]|``)+`\s*(\/\*.*\*\/)?$/i, 'definition'],
  [/^(INSERT|UPDATE|DELETE|REPLACE|LOAD|WITH|SELECT|CALL|DO|VALUES|TABLE)\b/i, 'rows'],
  [/^SET STATEMENT\b.*\bFOR\s+(INSERT|UPDATE|DELETE|REPLACE|LOAD)\b/is, 'rows'],
];

const COMMENTS = /^(\s|\/\*(?![!M]).*?\*\/|#[^\n]*\n|--\s[^\n]*\n|\()+/s;

export function queryKind(text: string): QueryKind {
  // The two that nearly every transaction has.
  if (text === 'BEGIN') return 'begin';
  if (text === 'COMMIT') return 'commit';
  const statement = text.replace(COMMENTS, '');
  return PATTERNS.find(([pattern]) => pattern.test(statement))?.[1] ?? 'definition';
}
