/** What matters of a SQL text: its words, its `:name` parameters and its symbols. Quotes and comments are passed over. */
export interface SqlToken {
  readonly kind: 'word' | 'parameter' | 'symbol';
  /** The word, the name of the parameter, or the symbol. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

/** First match wins. `skip` has no token; `quoted` may be left open. Sticky, so that each begins where the last ended. */
const LEXEMES: readonly (readonly [kind: SqlToken['kind'] | 'skip', pattern: RegExp])[] = [
  ['symbol', /\/\*!/y],
  ['skip', /\/\*[^]*?\*\//y],
  // MySQL's `--` begins a comment only before a space: `1--1` is arithmetic.
  ['skip', /--(?=\s|$)[^\n]*/y],
  ['skip', /#[^\n]*/y],
  ['skip', /'(?:[^'\\]|\\[^]|'')*'/y],
  ['skip', /"(?:[^"\\]|\\[^]|"")*"/y],
  ['skip', /::|:=/y],
  ['parameter', /:(?:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|`(?:[^`]|``)+`)/y],
  // A name after a dot is a name whatever it says, and so is one in backticks.
  ['skip', /\.\s*[\w$\u0080-\uffff]+/y],
  ['skip', /`(?:[^`]|``)*`/y],
  ['skip', /@{1,2}[\w$.\u0080-\uffff]*/y],
  ['word', /[\w$\u0080-\uffff]+/y],
  ['skip', /\s+/y],
];
const OPENS = /^(?:['"`]|\/\*)/;

/** `unterminated`: where a quote or comment begins that never ends. */
export function scanSql(sql: string): { tokens: SqlToken[]; unterminated: number | null } {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const found = lexeme(sql, at);
    if (found === null && OPENS.test(sql.slice(at, at + 2))) return { tokens, unterminated: at };
    const { kind, end } = found ?? { kind: 'symbol' as const, end: at + 1 };
    const text = sql.slice(at, end);
    if (kind === 'parameter') tokens.push({ kind, text: parameterName(text), at, end });
    else if (kind !== 'skip') tokens.push({ kind, text, at, end });
    at = end;
  }
  return { tokens, unterminated: null };
}

function lexeme(sql: string, at: number): { kind: SqlToken['kind'] | 'skip'; end: number } | null {
  for (const [kind, pattern] of LEXEMES) {
    pattern.lastIndex = at;
    if (pattern.test(sql)) return { kind, end: pattern.lastIndex };
  }
  return null;
}

const parameterName = (text: string): string =>
  text.startsWith(':`') ? text.slice(2, -1).replaceAll('``', '`') : text.slice(1);
