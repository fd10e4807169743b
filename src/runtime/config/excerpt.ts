import type { Place } from './yaml-document.ts';

/** Longest part of a line that is shown. */
const MAX_WIDTH = 100;
/** How much of a long line stands before the place. */
const BEFORE = 60;

/**
 * The line of a text and below it a caret under the place. Characters that would move the caret, or that a terminal obeys, become
 * one that is neither; logins and passwords become stars, as in messages. Undefined when there is nothing on the line.
 */
export function excerptOf(line: string, { column }: Pick<Place, 'column'>): string | undefined {
  const safe = withoutSecrets(line.replace(/\r$/, '')).replace(UNPRINTABLE, (character) =>
    character === '\t' ? ' ' : '\ufffd',
  );
  if (safe.trim() === '') return undefined;
  const at = Math.min(column - 1, safe.length);
  const start = safe.length <= MAX_WIDTH ? 0 : Math.max(0, Math.min(at - BEFORE, safe.length - MAX_WIDTH));
  const end = Math.min(safe.length, start + MAX_WIDTH);
  const [head, tail] = [start > 0 ? '…' : '', end < safe.length ? '…' : ''];
  // Columns count UTF-16 units, a terminal shows characters.
  const width = [...(head + safe.slice(start, at))].length;
  return `${head}${safe.slice(start, end)}${tail}\n${' '.repeat(width)}^`;
}

// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/g;

/** As long as before, so that the place stays the place. */
function withoutSecrets(line: string): string {
  return line
    .replace(/(?<=:\/\/)[^\s`'"]*(?=@)/g, (login) => '*'.repeat(login.length))
    .replace(/(?<=(?:pass(?:word|wd)?|token)["']?\s*[:=]\s*)\S.*$/gi, (rest) => '*'.repeat(rest.length));
}
