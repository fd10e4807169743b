import type { YAMLError } from 'yaml';
import { shown } from './shown.ts';

/** In plain words; without a remedy the usual one is given. */
interface Mistake {
  readonly message: string;
  readonly remedy?: string;
}

/** The parser's own words for a mistake, or better ones for those that are made most. */
export function yamlMistake({ code, message, pos: [offset] }: YAMLError, text: string): Mistake {
  if (code === 'DUPLICATE_KEY') {
    return { message: `YAML: the key \`${shown(keyAt(text, offset))}\` is given twice`, remedy: 'Remove one of them.' };
  }
  if (code === 'TAB_AS_INDENT' || isTabBefore(text, offset)) {
    return { message: 'YAML does not allow tabs for indentation', remedy: 'Indent with spaces.' };
  }
  if (code === 'MULTIPLE_DOCS') {
    return { message: 'YAML: a second document begins', remedy: 'One document per file: remove the `---`.' };
  }
  // After a colon the parser repeats the text itself, whatever it may be.
  return { message: `YAML: ${message.replace(/: .*$/s, '')}` };
}

/** As it is written, without its quotes. */
function keyAt(text: string, offset: number): string {
  const [, double, single, plain] = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\n]*?)(?=\s*:(?:\s|$)|\n|$))/.exec(
    text.slice(offset),
  ) ?? [undefined, '', '', ''];
  return double ?? single ?? plain ?? '';
}

/** Is there a tab in the indentation of this line, up to here? */
function isTabBefore(text: string, offset: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 1);
  return /^\s*$/.test(line.slice(0, -1)) && line.includes('\t');
}

/** What no YAML may hold, so that a binary file is told as such. */
export function notText(text: string): (Mistake & { readonly offset: number }) | undefined {
  // eslint-disable-next-line no-control-regex
  const offset = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/);
  if (offset === -1) return undefined;
  const code = text.charCodeAt(offset);
  const what =
    code === 0xfffd ? 'it is not UTF-8' : `it has the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return { offset, message: `this is no text: ${what}`, remedy: 'Write the file as plain UTF-8 text.' };
}
