/**
 * The words of a DDL statement, as far as they are needed to find the names of tables. Comments are left out; what stands in an
 * executable comment (one that begins with `/*!`, on MariaDB also `/*M!`) counts, because the server executed it.
 */
export interface Token {
  /** `name`: in backticks or double quotes; the latter is a string to a server without ANSI_QUOTES. */
  readonly kind: 'word' | 'name' | 'string' | 'symbol';
  /** Without quotes, doubled quotes made one. */
  readonly text: string;
}

const SPACE = /(?:\s|\/\*(?!M?!)[^]*?\*\/|\/\*M?!\d*|\*\/|#[^\n]*|--(?=\s|$)[^\n]*)+/y;
const WORD = /[\w$\u0080-\uffff]+/y;

/** Reads one token after the other: of a long statement no more than somebody asks for. */
export class Tokens {
  readonly #text: string;
  #at = 0;
  #doubtful = false;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * A quote never ended, or stood behind a backslash: that is an escaped quote, but with NO_BACKSLASH_ESCAPES or ANSI_QUOTES it
   * ends the text. The tokens from there on may be wrong.
   */
  get doubtful(): boolean {
    return this.#doubtful;
  }

  /** Null at the end. */
  next(): Token | null {
    this.#match(SPACE);
    const first = this.#text[this.#at];
    if (first === undefined) return null;
    if (first === '`' || first === '"') return { kind: 'name', text: this.#quoted(first) };
    if (first === "'") return { kind: 'string', text: this.#quoted(first) };
    const word = this.#match(WORD);
    if (word !== '') return { kind: 'word', text: word };
    this.#at += 1;
    return { kind: 'symbol', text: first };
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #quoted(quote: string): string {
    let text = '';
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text[at] ?? '';
      const following = this.#text[at + 1];
      if (character === '\\' && quote !== '`') {
        this.#doubtful ||= following === quote;
        text += following ?? '';
        at += 1;
      } else if (character !== quote) {
        text += character;
      } else if (following === quote) {
        text += quote;
        at += 1;
      } else {
        this.#at = at + 1;
        return text;
      }
    }
    this.#doubtful = true;
    this.#at = this.#text.length;
    return text;
  }
}
