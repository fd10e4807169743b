/**
 * What matters of a SQL text: its words, its names, its `:name` parameters and its symbols. Quotes and comments are passed over.
 * `dotted`: a name after a dot, without that dot; `quoted`: a name in backticks, without these. Both are names whatever they say.
 */
export interface SqlToken {
  readonly kind: 'word' | 'dotted' | 'quoted' | 'parameter' | 'symbol';
  /** The word, the name, or the symbol. */
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
  ['dotted', /\.\s*[\w$\u0080-\uffff]+/y],
  ['quoted', /`(?:[^`]|``)*`/y],
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
    if (kind !== 'skip') tokens.push({ kind, text: NAMES[kind]?.(text) ?? text, at, end });
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

const unquoted = (text: string): string => text.slice(1, -1).replaceAll('``', '`');

/** What stands around a name is no part of it. */
const NAMES: Readonly<Partial<Record<SqlToken['kind'], (text: string) => string>>> = {
  parameter: (text) => (text.startsWith(':`') ? unquoted(text.slice(1)) : text.slice(1)),
  dotted: (text) => text.slice(1).trimStart(),
  quoted: unquoted,
};
