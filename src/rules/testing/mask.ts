import { createHash, createHmac } from 'node:crypto';
import type { JsonValue } from '../../model/row-change.ts';
import { parseJson } from '../../model/json-text.ts';
import { jsonDocumentText } from './json-document.ts';
import { dateShape, decimalShape, hexShape, textShape, timeShape, type Shape } from './mask-shape.ts';

/** Families of values that share their stand-ins: `7` in an INT and `7` in a BIGINT become the same, as a foreign key must. */
type Family = 'integer' | 'decimal' | 'text' | 'hex' | 'date' | 'time';

const INTEGERS = /^(tinyint|smallint|mediumint|int|bigint)\b/;
const JSON_TYPES = /^(json|geometry|point|linestring|polygon|multi\w+|geomcollection)$/;
const MAXIMA: Readonly<Record<string, bigint>> = { tinyint: 7n, smallint: 15n, mediumint: 23n, int: 31n, bigint: 63n };

export interface MaskOptions {
  /** Secret of one recording: stand-ins cannot be computed from guessed values. */
  readonly salt: Uint8Array;
  /** Names of columns, in lower case, whose values stay as they are. */
  readonly keep: ReadonlySet<string>;
  /** Names of JSON members that stay, because the rules name them. */
  readonly jsonNames: ReadonlySet<string>;
}

/**
 * Stand-ins for the values of rows: of the same shape, the same for the same value, and different ones for different values as long as
 * the shape has enough of them. What belongs to the schema and not to anybody stays: NULL, members of ENUM and SET, the flags 0 and 1 of
 * TINYINT and BIT, the structure of JSON with those names of members that the rules name.
 */
export class Masker {
  readonly #options: MaskOptions;
  readonly #standIns = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(options: MaskOptions) {
    this.#options = options;
    // Or two members of one document would have one name.
    for (const name of options.jsonNames) this.#used.add(`text ${name}`);
  }

  /** The stand-in for a canonical text of a column of this type (in words: `int unsigned`). */
  mask(column: string, type: string, text: string): string {
    if (this.#options.keep.has(column.toLowerCase())) return text;
    const [word = ''] = type.split(' ');
    if (word === 'enum' || word === 'set') return text;
    if ((word === 'tinyint' || word === 'bit') && (text === '0' || text === '1')) return text;
    if (INTEGERS.test(type)) return this.#integer(text, maximum(type));
    switch (word) {
      case 'bit':
        return this.#integer(text, null);
      case 'year':
        return text === '0000' ? text : this.#standIn('date', text, dateShape(`${text}-01-01`)?.slice(0, 1) ?? []);
      case 'decimal':
      case 'float':
      case 'double':
        return this.#standIn('decimal', text, decimalShape(text));
      case 'time':
        return this.#standIn('time', text, timeShape(text));
      default:
        return this.#byLook(word, text);
    }
  }

  #byLook(word: string, text: string): string {
    if (/^(var)?binary$|blob$/.test(word)) return this.#standIn('hex', text, hexShape(text));
    // Filters read dates and JSON in texts too, so they must stay what they are.
    const date = dateShape(text);
    if (date !== null) return this.#standIn('date', text, date);
    const document = documentIn(text, JSON_TYPES.test(word));
    if (document !== undefined) return jsonDocumentText(this.#json(document));
    return this.#standIn('text', text, textShape(text));
  }

  #json(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.#jsonText(value);
    if (typeof value === 'number') {
      const text = String(value);
      return Number(
        Number.isSafeInteger(value) ? this.#integer(text, null) : this.#standIn('decimal', text, decimalShape(text)),
      );
    }
    if (value === null || typeof value === 'boolean') return value;
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => this.#json(item));
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.#memberName(name), this.#json(member)]),
    );
  }

  #jsonText(text: string): string {
    const date = dateShape(text);
    return date === null ? this.#standIn('text', text, textShape(text)) : this.#standIn('date', text, date);
  }

  /** Some write values there: `{"ann": true}`. */
  #memberName(name: string): string {
    return this.#options.jsonNames.has(name) ? name : this.#standIn('text', name, textShape(name));
  }

  /** As many digits, and still in the range of its type. */
  #integer(text: string, maximum: bigint | null): string {
    return this.#remember('integer', text, () => {
      const negative = text.startsWith('-');
      const digits = negative ? text.slice(1) : text;
      const lowest = digits.length === 1 && !negative ? 0n : 10n ** BigInt(digits.length - 1);
      const longest = 10n ** BigInt(digits.length) - 1n;
      const limit = maximum ?? BigInt(Number.MAX_SAFE_INTEGER);
      const highest = longest < limit || BigInt(digits) > limit ? longest : limit;
      // Last of all 0 and 1: as flags they stay what they are, and would stand for two values.
      const flags = lowest === 0n ? 2n : 0n;
      const size = highest - lowest - flags + 1n;
      const start = this.#random('integer', text, 8).readBigUInt64BE(0) % size;
      const tries = size < 10_000n ? Number(size + flags) : 10_000;
      return this.#firstUnused('integer', tries, (attempt) => {
        const at = BigInt(attempt);
        const value = at < size ? lowest + flags + ((start + at) % size) : at - size;
        return `${negative ? '-' : ''}${value}`;
      });
    });
  }

  #standIn(family: Family, text: string, shape: Shape): string {
    return this.#remember(family, text, () => {
      const random = this.#random(family, text, shape.length * 4);
      const start = shape.map(({ length }, place) => random.readUInt32BE(place * 4) % length);
      const size = shape.reduce((product, { length }) => Math.min(product * length, 10_000), 1);
      return this.#firstUnused(family, size, (attempt) => pick(shape, start, attempt));
    });
  }

  #remember(family: Family, text: string, make: () => string): string {
    const id = `${family} ${text}`;
    const known = this.#standIns.get(id);
    if (known !== undefined) return known;
    const made = make();
    this.#standIns.set(id, made);
    this.#used.add(`${family} ${made}`);
    return made;
  }

  /** Different values get different stand-ins, or an update would seem to change nothing. */
  #firstUnused(family: Family, tries: number, candidate: (attempt: number) => string): string {
    for (let attempt = 0; attempt < tries; attempt++) {
      const text = candidate(attempt);
      if (!this.#used.has(`${family} ${text}`)) return text;
    }
    return candidate(0);
  }

  #random(family: Family, text: string, bytes: number): Buffer {
    const seed = createHmac('sha256', this.#options.salt).update(`${family} ${text}`).digest();
    return createHash('shake256', { outputLength: Math.max(bytes, 1) })
      .update(seed)
      .digest();
  }
}

/** The choices at `start`, counted on by `steps` as digits of a number are, from the last place. */
function pick(shape: Shape, start: readonly number[], steps: number): string {
  let carry = steps;
  const picked: string[] = [];
  for (let place = shape.length - 1; place >= 0; place--) {
    const choices = shape[place] ?? [];
    const at = (start[place] ?? 0) + carry;
    picked.push(choices[at % choices.length] ?? '');
    carry = Math.floor(at / choices.length);
  }
  return picked.reverse().join('');
}

function maximum(type: string): bigint {
  const bits = MAXIMA[type.split(' ')[0] ?? ''] ?? 63n;
  return 2n ** (type.includes('unsigned') ? bits + 1n : bits) - 1n;
}

/** In a column that is not JSON only structures: a text that happens to read `true` or `"x"` is a text. */
function documentIn(text: string, isJson: boolean): JsonValue | undefined {
  if (!isJson && !/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
