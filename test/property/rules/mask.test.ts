import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker } from '../../../src/rules/testing/mask.ts';

const RUNS = { numRuns: 2_000 };
const salt = fc.uint8Array({ minLength: 16, maxLength: 16 });
const masker = (bytes: Uint8Array, keep: string[] = []): Masker =>
  new Masker({ salt: bytes, keep: new Set(keep), jsonNames: new Set(['a', 'id', 'name', 'items']) });

const digits = (count: number) => fc.stringMatching(new RegExp(`^-?[1-9]\\d{0,${count - 1}}$`));
const date = fc
  .date({ min: new Date('1000-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 10));
const letters = fc.stringMatching(/^[A-Za-z0-9äß語 .,:@_-]{0,24}$/);

const columns = fc.oneof(
  digits(9).map((text) => ({ type: 'int', text })),
  digits(18).map((text) => ({ type: 'bigint', text })),
  digits(3)
    .filter((text) => Math.abs(Number(text)) <= 127)
    .map((text) => ({ type: 'tinyint', text })),
  fc.stringMatching(/^-?\d{1,8}\.\d{2}$/).map((text) => ({ type: 'decimal', text })),
  date.map((text) => ({ type: 'date', text })),
  date.map((text) => ({ type: 'datetime', text: `${text} 12:34:56.789` })),
  fc.stringMatching(/^([0-9a-f]{2}){0,8}$/).map((text) => ({ type: 'varbinary', text })),
  fc.stringMatching(/^-?[0-9]{2}:[0-5][0-9]:[0-5][0-9]$/).map((text) => ({ type: 'time', text })),
  letters.map((text) => ({ type: 'varchar', text })),
);

/** What must be the same of a value and its stand-in. */
const shape = (text: string): string =>
  text
    .replace(/[0-9]/g, '9')
    .replace(/\p{Lu}/gu, 'A')
    .replace(/\p{Ll}/gu, 'a')
    .replace(/\p{Lo}/gu, 'o');

describe('a stand-in', () => {
  it('has the shape of its value, and is the same for the same value', () => {
    fc.assert(
      fc.property(salt, columns, (bytes, { type, text }) => {
        const mask = masker(bytes);
        const masked = mask.mask('c', type, text);
        if (type === 'varbinary') expect(masked).toMatch(/^([0-9a-f]{2})*$/);
        else expect(shape(masked)).toBe(shape(text));
        expect(masked).toHaveLength(text.length);
        expect(mask.mask('other', type, text)).toBe(masked);
      }),
      RUNS,
    );
  });

  it('is another one for another value of the type', () => {
    fc.assert(
      fc.property(
        salt,
        fc.uniqueArray(columns, { selector: ({ type, text }) => `${type} ${text}`, maxLength: 40 }),
        (bytes, all) => {
          const mask = masker(bytes);
          // Of some shapes there are so few that all are used up: a handful of letters beyond ASCII.
          const plain = all.filter(({ text }) => !/[^\x20-\x7e]/.test(text));
          for (const type of new Set(plain.map((each) => each.type))) {
            const masked = plain.filter((each) => each.type === type).map(({ text }) => mask.mask('c', type, text));
            expect(new Set(masked).size).toBe(masked.length);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is no flag while there is another digit, because flags stay what they are', () => {
    fc.assert(
      fc.property(salt, fc.integer({ min: 2, max: 9 }), (bytes, digit) => {
        const mask = masker(bytes);
        expect(['0', '1']).not.toContain(mask.mask('c', 'tinyint', String(digit)));
        expect(new Set('0123456789'.split('').map((text) => mask.mask('c', 'int', text))).size).toBe(10);
      }),
      RUNS,
    );
  });

  it('is a valid value of its type', () => {
    fc.assert(
      fc.property(salt, columns, (bytes, { type, text }) => {
        const masked = masker(bytes).mask('c', type, text);
        if (type === 'tinyint') expect(Math.abs(Number(masked))).toBeLessThanOrEqual(127);
        if (type === 'date') expect(new Date(masked).toISOString().slice(0, 10)).toBe(masked);
        if (type === 'datetime') expect(Number.isNaN(Date.parse(`${masked.replace(' ', 'T')}Z`))).toBe(false);
      }),
      RUNS,
    );
  });

  it('keeps the structure of JSON, and no text of it', () => {
    const secret = fc.stringMatching(/^[a-z]{8,12}$/);
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        secret,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('id', 'name', 'items'), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(salt, fc.array(document, { maxLength: 4 }), (bytes, value) => {
        const masked: unknown = JSON.parse(masker(bytes).mask('c', 'json', JSON.stringify(value)));
        expect(outline(masked)).toEqual(outline(value));
        const texts = [...JSON.stringify(value).matchAll(/"([a-z]{8,})"/g)].map(([, text]) => text ?? '');
        for (const text of texts) expect(JSON.stringify(masked)).not.toContain(`"${text}"`);
      }),
      RUNS,
    );
  });
});

/** The value with every leaf replaced by its kind. */
function outline(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(outline);
  if (typeof value !== 'object' || value === null)
    return value === null ? null : typeof value === 'boolean' ? value : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, outline(member)]));
}

describe('what stays as it is', () => {
  it.each([
    ['enum', 'shipped'],
    ['set', 'a,b'],
    ['tinyint', '1'],
    ['tinyint unsigned', '0'],
    ['bit', '1'],
    ['date', '0000-00-00'],
    ['varchar', ''],
    ['varchar', '--'],
    ['json', '[true, null, false, []]'],
  ])('%s %s', (type, text) => {
    expect(masker(new Uint8Array(16)).mask('c', type, text)).toBe(text);
  });

  it('is what is asked to be kept', () => {
    expect(masker(new Uint8Array(16), ['status']).mask('Status', 'varchar', 'active')).toBe('active');
  });
});

describe('values that have to fit together', () => {
  it('have one stand-in in every integer type, as a foreign key must', () => {
    const mask = masker(new Uint8Array(16));
    expect(mask.mask('id', 'int unsigned', '4711')).toBe(mask.mask('order_id', 'bigint', '4711'));
  });

  it('of one digit all are different', () => {
    const mask = masker(new Uint8Array(16));
    const all = [...'0123456789'].map((text) => mask.mask('c', 'int', text));
    expect(new Set(all).size).toBe(10);
  });

  it('masks member names of JSON that are values, and dates and JSON inside texts as what they are', () => {
    const mask = masker(new Uint8Array(16));
    expect(mask.mask('c', 'json', '{"ann@example.org": 1}')).toMatch(/^\{"(?!ann@)[a-z]{3}@[a-z]{7}\.[a-z]{3}": \d\}$/);
    expect(mask.mask('c', 'varchar', '2024-02-29')).toMatch(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)$/);
    expect(mask.mask('c', 'text', '{"a": [true, "secret"]}')).toMatch(/^\{"a": \[true, "(?!secret)[a-z]{6}"\]\}$/);
  });
});
