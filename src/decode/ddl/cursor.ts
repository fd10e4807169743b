import { Tokens, type Token } from './tokens.ts';

/** The name of a table as a statement has it; without a database it means the default one. */
export interface NamedTable {
  readonly database: string | null;
  readonly table: string;
}

/** Walks through a statement, one token ahead. Keywords match in any case, and never what stands in quotes. */
export class Cursor {
  readonly #tokens: Tokens;
  #token: Token | null;

  constructor(text: string) {
    this.#tokens = new Tokens(text);
    this.#token = this.#tokens.next();
  }

  get doubtful(): boolean {
    return this.#tokens.doubtful;
  }

  /** Goes past the word if it comes next. */
  take(...words: readonly string[]): string | null {
    const word = this.#token?.kind === 'word' ? this.#token.text.toUpperCase() : null;
    if (word === null || !words.includes(word)) return null;
    this.#token = this.#tokens.next();
    return word;
  }

  symbol(text: string): boolean {
    if (this.#token?.kind !== 'symbol' || this.#token.text !== text) return false;
    this.#token = this.#tokens.next();
    return true;
  }

  /** Goes past one token of any kind. */
  skip(): Token | null {
    const token = this.#token;
    this.#token = token === null ? null : this.#tokens.next();
    return token;
  }

  /** `IF EXISTS`, `IF NOT EXISTS`. */
  takeIf(): void {
    if (this.take('IF') === null) return;
    this.take('NOT');
    this.take('EXISTS');
  }

  /** MariaDB: how long to wait for the lock. */
  takeWait(): void {
    if (this.take('WAIT') !== null) this.skip();
    else this.take('NOWAIT');
  }

  /** Null: there is none that can be read. The empty name is what is left of a quote that never ends. */
  name(): string | null {
    const token = this.#token;
    if (token === null || token.text === '' || (token.kind !== 'word' && token.kind !== 'name')) return null;
    this.skip();
    return token.text;
  }

  /** `t`, `db.t`. Null: there is none. */
  table(): NamedTable | null {
    const first = this.name();
    if (first === null) return null;
    if (!this.symbol('.')) return { database: null, table: first };
    const second = this.name();
    return second === null ? null : { database: first, table: second };
  }

  /** All that is left, split at the commas outside of parentheses. */
  clauses(): readonly (readonly Token[])[] {
    const clauses: Token[][] = [[]];
    let depth = 0;
    for (let token = this.skip(); token !== null; token = this.skip()) {
      if (token.kind === 'symbol') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
      if (depth === 0 && token.kind === 'symbol' && token.text === ',') clauses.push([]);
      else clauses.at(-1)?.push(token);
    }
    return clauses.filter(({ length }) => length > 0);
  }
}
