import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { parseTemplate, printTemplate, type KeyTemplate } from '../../../src/rules/key-template.ts';
import { templatesOverlap } from '../../../src/rules/template-overlap.ts';

// Thousands of cases take a second; on a machine that is busy with other suites, more.
vi.setConfig({ testTimeout: 60_000 });

const literal = fc.string({
  minLength: 1,
  maxLength: 4,
  unit: fc.constantFrom('a', 'b', ':', '{', '}', '*', '?', '`', 'é'),
});
const column = fc
  .oneof(fc.constantFrom('id', 'a_b', 'ümlaut'), fc.string({ minLength: 1, maxLength: 5 }))
  .map((name) => ({ column: name, at: 0 }));

/** Fixed text never stands beside fixed text: the parser would make one part of it. */
const template: fc.Arbitrary<KeyTemplate> = fc.array(fc.oneof(literal, column), { maxLength: 6 }).map((parts) => ({
  parts: parts.filter((part, i) => typeof part !== 'string' || typeof parts[i - 1] !== 'string'),
}));

const withoutPlaces = ({ parts }: KeyTemplate) =>
  parts.map((part) => (typeof part === 'string' ? part : [part.column]));

it('a template printed and parsed is the same template', () => {
  fc.assert(
    fc.property(template, (written) => {
      const parsed = parseTemplate(printTemplate(written));
      expect('ok' in parsed && withoutPlaces(parsed.ok)).toEqual(withoutPlaces(written));
    }),
    { numRuns: 5000 },
  );
});

it('any text is a template that prints to the same meaning, or has problems inside the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '{', '}', '`', ' ', 'é', '|') }), (text) => {
      const parsed = parseTemplate(text);
      if ('ok' in parsed) {
        const again = parseTemplate(printTemplate(parsed.ok));
        expect('ok' in again && withoutPlaces(again.ok)).toEqual(withoutPlaces(parsed.ok));
      } else {
        expect(parsed.problems.length).toBeGreaterThan(0);
        for (const { at } of parsed.problems) expect(at >= 0 && at < text.length).toBe(true);
      }
    }),
    { numRuns: 5000 },
  );
});

// A tiny alphabet, so that two templates often do give the same key.
const tiny = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), maxLength });
const tinyTemplate = fc
  .array(fc.oneof(tiny(3).filter(Boolean), fc.constant({ column: 'c', at: 0 })), { minLength: 1, maxLength: 5 })
  .map((parts): KeyTemplate => ({
    parts: parts.filter((part, i) => typeof part !== 'string' || typeof parts[i - 1] !== 'string'),
  }));

const keyOf = ({ parts }: KeyTemplate, values: string[]): string =>
  parts.map((part, i) => (typeof part === 'string' ? part : (values[i] ?? ''))).join('');

const mayGive = ({ parts }: KeyTemplate, key: string): boolean =>
  new RegExp(`^${parts.map((part) => (typeof part === 'string' ? part : '[^]*')).join('')}$`).test(key);

it('two templates that give a common key always overlap', () => {
  let common = 0;
  fc.assert(
    fc.property(tinyTemplate, tinyTemplate, fc.array(tiny(4), { minLength: 5, maxLength: 5 }), (a, b, values) => {
      if (!mayGive(b, keyOf(a, values))) return;
      common++;
      expect(templatesOverlap(a, b)).toBe(true);
      expect(templatesOverlap(b, a)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
  expect(common).toBeGreaterThan(1000);
});

it('two templates that overlap do have a common key, so no delete is versioned in vain', () => {
  const keys = (length: number): string[] =>
    length === 0
      ? ['']
      : keys(length - 1).flatMap((key) => (key.length === length - 1 ? [key, `${key}a`, `${key}b`] : [key]));
  const all = keys(9);
  fc.assert(
    fc.property(tinyTemplate, tinyTemplate, (a, b) => {
      const short = [a, b].every(({ parts }) => parts.length <= 3);
      fc.pre(short);
      const found = all.some((key) => mayGive(a, key) && mayGive(b, key));
      if (found) expect(templatesOverlap(a, b)).toBe(true);
      // The shortest common key of two templates is no longer than all their fixed text together.
      const text = [a, b].flatMap(({ parts }) => parts.filter((part) => typeof part === 'string')).join('').length;
      if (text <= 9) expect(templatesOverlap(a, b)).toBe(found);
    }),
    { numRuns: 300 },
  );
});
