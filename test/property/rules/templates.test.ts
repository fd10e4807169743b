import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { flushPattern } from '../../../src/rules/template/flush-pattern.ts';
import { KeyBuilder } from '../../../src/rules/template/key-builder.ts';
import {
  parseKeyTemplate,
  parsePartitionKey,
  parseRowlessKey,
  parseTemplate,
  requireFixedText,
  type KeyTemplate,
} from '../../../src/rules/template/key-template.ts';
import { printTemplate } from '../../../src/rules/template/template-print.ts';
import { matchesRedisGlob } from '../../support/redis-glob.ts';
import { anySource, nasty, templateOf } from '../../support/template-arbitraries.ts';
import { keyBuilder, ordersTable } from '../../support/templates.ts';

// Thousands of cases take a second; on a machine that is busy with other suites, more.
vi.setConfig({ testTimeout: 60_000 });

const withoutPlaces = (template: KeyTemplate): unknown =>
  JSON.parse(JSON.stringify(template, (name, value: unknown) => (name === 'at' ? undefined : value)));

/** A template that means the same when it is printed, or problems that all stand in the text. */
function survives(text: string): void {
  for (const parse of [parseTemplate, parseKeyTemplate, parsePartitionKey, parseRowlessKey]) {
    const parsed = parse(text);
    if ('ok' in parsed) {
      const again = parseTemplate(printTemplate(parsed.ok));
      expect('ok' in again && withoutPlaces(again.ok)).toEqual(withoutPlaces(parsed.ok));
    } else {
      expect(parsed.problems.length).toBeGreaterThan(0);
      for (const { at, message, remedy } of parsed.problems) {
        expect([at >= 0 && at <= text.length, message.length > 3, remedy.length > 3]).toEqual([true, true, true]);
      }
    }
  }
}

it('a template printed and parsed is the same template', () => {
  fc.assert(
    fc.property(templateOf(anySource), (written) => {
      const parsed = parseTemplate(printTemplate(written));
      expect('ok' in parsed && withoutPlaces(parsed.ok)).toEqual(withoutPlaces(written));
    }),
    { numRuns: 8000 },
  );
});

it('any text is a template that prints to the same meaning, or has problems inside the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), survives), { numRuns: 4000 });
  const braces = fc.string({ unit: fc.constantFrom('a', '{', '}', '`', ' ', 'é', '|') });
  fc.assert(fc.property(braces, survives), { numRuns: 4000 });
});

const TOKENS = [
  'a',
  'id',
  '`x y`',
  '[*]',
  '|',
  'lower',
  'split',
  'json',
  'date',
  'default',
  'substring',
  'modulo',
  'escape',
];
const MORE = [
  '(',
  ')',
  '"',
  "'",
  '","',
  '"$.a[*]"',
  '"%Y"',
  '"%',
  '0',
  '-1',
  '8',
  ',',
  '$x',
  '$1',
  '@table',
  '@',
  'lookup.',
  '\\',
  ' ',
];

it('anything between braces is a placeholder or has problems inside the text', () => {
  const inside = fc.array(fc.constantFrom(...TOKENS, ...MORE), { maxLength: 9 });
  fc.assert(
    fc.property(inside, (tokens) => survives(`k:{${tokens.join('')}}`)),
    { numRuns: 8000 },
  );
});

it('a right template with a piece cut out or put in is a template or has problems inside the text', () => {
  fc.assert(
    fc.property(templateOf(anySource), fc.nat(), fc.nat(6), nasty, (written, from, length, piece) => {
      const text = printTemplate(written);
      const at = text === '' ? 0 : from % text.length;
      survives(text.slice(0, at) + piece + text.slice(at + length));
    }),
    { numRuns: 4000 },
  );
});

const rowSource = fc.oneof(
  fc.constantFrom('a', 'b', 'doc').map((name) => ({ kind: 'column' as const, name })),
  fc.constantFrom({ kind: 'table' as const }, { kind: 'epoch' as const }, { kind: 'lookup' as const, name: 'x' }),
);
const value = fc.oneof(
  nasty,
  fc.constantFrom(null, 7, '12', '2024-02-29 01:02:03', '{"a":["1",{"b c":2}]}', '["x","y"]', 'a,b', ''),
);
const documents = fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.record({ a: value }));
const row = fc.record({ a: value, b: value, doc: documents });

/** All keys; null for a NULL or a value that a filter cannot work on. */
function keysOf(template: KeyTemplate, image: Record<string, unknown>, x: string | null, nullText: string | null) {
  const builder = new KeyBuilder({ template, table: ordersTable(), rule: 'r', nullText, captures: {}, epoch: 5 });
  try {
    const all = builder.buildAll(image, { x }, 50);
    // One value, one key: both ways of building must agree.
    if (!builder.isList) expect(all?.[0] ?? null).toBe(builder.build(image, { x }));
    return all;
  } catch (error) {
    if (error instanceof SluiceError && ['RULE_FILTER_FAILED', 'RULE_TOO_MANY_KEYS'].includes(error.code)) return null;
    throw error;
  }
}

it('every key of a template is matched by its flush pattern, is not empty, and comes once', () => {
  let built = 0;
  fc.assert(
    fc.property(
      templateOf(rowSource),
      row,
      fc.option(nasty),
      fc.option(fc.constant('none')),
      (template, image, x, nullText) => {
        if ('problems' in requireFixedText(template)) return;
        const keys = keysOf(template, image, x, nullText) ?? [];
        const wide = flushPattern(template);
        const narrow = flushPattern(template, { database: 'shop', table: 'orders', captures: {} });
        expect(new Set(keys).size).toBe(keys.length);
        for (const key of keys) {
          built++;
          expect([key !== '', matchesRedisGlob(wide, key), matchesRedisGlob(narrow, key)]).toEqual([true, true, true]);
        }
      },
    ),
    { numRuns: 10_000 },
  );
  expect(built).toBeGreaterThan(4000);
});

/** What the plain filters mean, written as plainly as can be; each NULL stays NULL. */
const REFERENCE: Record<string, (text: string) => string> = {
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  'substring(1, 2)': (text) => [...text].slice(1, 3).join(''),
  hex: (text) => [...new TextEncoder().encode(text)].map((byte) => (byte + 256).toString(16).slice(1)).join(''),
  base64: (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))),
  escape: (text) => text.replaceAll('%', '%25').replaceAll(':', '%3A'),
  'modulo(7)': (text) => (text === '' ? '' : String(BigInt(text) % 7n)),
};
const chain = fc.array(fc.constantFrom('lower', 'upper', 'substring(1, 2)', 'hex', 'base64', 'escape'), {
  maxLength: 3,
});
const cell = fc.option(nasty.filter((text) => Buffer.from(text).toString() === text));

it('a builder gives what a naive reference gives', () => {
  fc.assert(
    fc.property(chain, chain, fc.array(cell, { maxLength: 4 }), cell, fc.bigInt(), (first, second, list, b, id) => {
      const through = (names: readonly string[], text: string | null): string | null =>
        text === null ? null : names.reduce((done, name) => REFERENCE[name]?.(done) ?? '', text);
      const pipe = (names: readonly string[]): string => names.map((name) => ` | ${name}`).join('');
      const text = `k:{doc[*]${pipe(first)}}:{b${pipe(second)}}:{id | modulo(7)}`;
      const keys = keyBuilder(text).buildAll({ doc: list, b, id: String(id) }, null, 50);
      const [elements, other] = [list.map((each) => through(first, each)), through(second, b)];
      const found = elements.filter((each) => each !== null);
      const tail = REFERENCE['modulo(7)']?.(String(id)) ?? '';
      const isNull = other === null || (found.length === 0 && list.length > 0);
      expect(keys).toEqual(isNull ? null : [...new Set(found.map((each) => `k:${each}:${other}:${tail}`))]);
    }),
    { numRuns: 6000 },
  );
});

it('with `escape` on every placeholder different values give different keys, and no value forges a separator', () => {
  const tuple = fc.tuple(nasty, nasty, nasty);
  const builder = keyBuilder('k:{a | escape}:{b | escape}:{c | escape}');
  const keyOf = ([a, b, c]: [string, string, string]): string => builder.build({ a, b, c }, null) ?? '';
  fc.assert(
    fc.property(tuple, tuple, (one, other) => {
      const same = one.every((text, i) => text === other[i]);
      expect(keyOf(one) === keyOf(other)).toBe(same);
      expect(keyOf(one).split(':')).toHaveLength(4);
      expect(keyOf(one).split(':').slice(1).map(decodeLoosely)).toEqual(one);
    }),
    { numRuns: 8000 },
  );
  // Values that differ in where the separator stands, which is what an attacker would try.
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('x', ':', '%', '%3A', '%25'), { maxLength: 6 }),
      fc.nat(6),
      fc.nat(6),
      (pieces, i, j) => {
        const cut = (at: number): [string, string, string] => [
          pieces.slice(0, at).join(''),
          pieces.slice(at).join(''),
          '',
        ];
        const same = cut(i).join('\n') === cut(j).join('\n');
        expect(keyOf(cut(i)) === keyOf(cut(j))).toBe(same);
      },
    ),
    { numRuns: 4000 },
  );
});

const decodeLoosely = (text: string): string => text.replaceAll('%3A', ':').replaceAll('%25', '%');

it('with any separator escaped, no value contains it', () => {
  const separator = fc.constantFrom(':', '/', '|', '::', 'é', '😀', ']', '\\', '^-', '"', ' ', '{', '*');
  fc.assert(
    fc.property(separator, nasty, nasty, (text, a, b) => {
      const argument = text.replace(/[\\"]/g, '\\$&');
      const fixed = text.replace(/[{}]/g, '$&$&');
      const key = keyBuilder(`k${fixed}{a | escape("${argument}")}${fixed}{b | escape("${argument}")}`).build(
        { a, b },
        null,
      );
      expect(key?.split(text)).toHaveLength(3);
    }),
    { numRuns: 4000 },
  );
});
