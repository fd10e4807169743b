import iconv from 'iconv-lite';
import { LARGE_SETS, type LargeSet } from './charset-large.ts';
import { COLLATIONS, DIFFERENCES, SINGLE_BYTE } from './charset-tables.ts';

/** The text of some bytes of an event. */
export type TextReader = (bytes: Buffer, from: number, to: number) => string;

/** What the servers print for a character that Unicode does not have. */
const NO_CHARACTER = '?';
const BINARY = 'binary';

const NAMES = new Map<number, string>();
for (const [name, ranges] of Object.entries(COLLATIONS)) {
  for (const range of ranges.split(' ')) {
    const [first = 0, last = first] = range.split('-').map(Number);
    for (let id = first; id <= last; id++) NAMES.set(id, name);
  }
}

/** The character set of a collation; null: binary. Throws for an id that no server was known to have. */
export function charsetOf(collation: number): string | null {
  const name = NAMES.get(collation);
  if (name === undefined) throw new Error(`collation ${collation} is not known to Sluice`);
  return name === BINARY ? null : name;
}

const readers = new Map<string, TextReader>();

/** Reads text as the servers convert it to UTF-8 for a client. */
export function textReader(charset: string): TextReader {
  let reader = readers.get(charset);
  if (reader === undefined) {
    reader = make(charset);
    readers.set(charset, reader);
  }
  return reader;
}

function make(charset: string): TextReader {
  switch (charset) {
    case 'utf8mb4':
    case 'utf8mb3':
      return (bytes, from, to) => bytes.toString('utf8', from, to);
    case 'ascii':
      return single(Array.from({ length: 128 }, () => NO_CHARACTER));
    case 'ucs2':
    case 'utf16':
      return (bytes, from, to) => Buffer.from(bytes.subarray(from, to)).swap16().toString('utf16le');
    case 'utf16le':
      return (bytes, from, to) => bytes.toString('utf16le', from, to);
    case 'utf32':
      return utf32;
  }
  const large = LARGE_SETS[charset];
  if (large !== undefined) return largeReader(large, DIFFERENCES[charset] ?? '');
  const codes = SINGLE_BYTE[charset];
  if (codes === undefined) throw new Error(`character set ${charset} is not known to Sluice`);
  return single(
    codes.split(' ').map((code) => (code === '?' ? code : String.fromCodePoint(Number.parseInt(code, 16)))),
  );
}

function utf32(bytes: Buffer, from: number, to: number): string {
  let text = '';
  for (let at = from; at + 4 <= to; at += 4) text += String.fromCodePoint(bytes.readUInt32BE(at));
  return text;
}

/** `upper`: the characters of the last bytes; those before are ASCII. */
function single(upper: readonly string[]): TextReader {
  const first = 256 - upper.length;
  const ascii = Array.from({ length: first }, (_, code) => String.fromCharCode(code));
  const characters = [...ascii, ...upper];
  return (bytes, from, to) => {
    let text = '';
    for (let at = from; at < to; at++) text += characters[bytes[at] ?? 0] ?? NO_CHARACTER;
    return text;
  };
}

/** Character by character: iconv-lite knows nearly all, and each is asked for once. */
function largeReader(set: LargeSet, differences: string): TextReader {
  const known = new Map<number, string>();
  for (const difference of differences.split(' ').filter((each) => each !== '')) {
    const [code = 0, first = 0, count = 1] = difference.split(/[=*]/).map((part, index) => Number.parseInt(part, index < 2 ? 16 : 10)); // prettier-ignore
    for (let i = 0; i < count; i++) known.set(code + i, String.fromCodePoint(first + i));
  }
  const character = (bytes: Buffer, at: number, length: number): string => {
    const code = bytes.readUIntBE(at, length);
    let text = known.get(code);
    if (text === undefined) {
      const found = iconv.decode(bytes.subarray(at, at + length), set.encoding);
      text = found === '' || found.includes('\ufffd') ? NO_CHARACTER : found;
      known.set(code, text);
    }
    return text;
  };
  return (bytes, from, to) => {
    let text = '';
    for (let at = from; at < to;) {
      const length = Math.min(set.lengthOf(bytes, at), to - at);
      text += character(bytes, at, length);
      at += length;
    }
    return text;
  };
}
