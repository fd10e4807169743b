import { wrong, type Parsed } from '../schema/text-problem.ts';

/** A stretch of the template and where it begins. */
export interface Piece {
  readonly text: string;
  readonly at: number;
}

export const ESCAPE_HINT = 'Write `{{` and `}}` for braces that belong to the key itself.';

/** The `}` that closes the placeholder that begins at `start`, not one inside quotes or backticks. */
export function endOfPlaceholder(text: string, start: number): Parsed<number> {
  let at = start + 1;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (isQuote(character)) {
      const end = endOfQuote(text, at);
      if (end === -1) return wrong(at, `a ${character} is never closed`, 'Quotes and backticks come in pairs.');
      at = end;
    } else if (character === '}') return { ok: at };
    else if (character === '{') break;
    at++;
  }
  return wrong(start, 'a `{` is never closed', ESCAPE_HINT);
}

/** The pieces between the separators that do not stand in quotes or backticks, without white space around them. */
export function splitOutsideQuotes({ text, at }: Piece, separator: string): Piece[] {
  const pieces: Piece[] = [];
  let begin = 0;
  for (let i = 0; i <= text.length; i++) {
    const character = text[i];
    if (character !== undefined && isQuote(character)) {
      const end = endOfQuote(text, i);
      i = end === -1 ? text.length - 1 : end;
    } else if (character === undefined || character === separator) {
      pieces.push(trimmed({ text: text.slice(begin, i), at: at + begin }));
      begin = i + 1;
    }
  }
  return pieces;
}

export function trimmed({ text, at }: Piece): Piece {
  return { text: text.trim(), at: at + text.length - text.trimStart().length };
}

/** The quote that closes the one at `start`; -1 if none does. A backslash hides the next character, but in backticks. */
export function endOfQuote(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (text[at] === '\\' && quote !== '`') at++;
  }
  return -1;
}

const isQuote = (character: string): boolean => character === '"' || character === "'" || character === '`';
