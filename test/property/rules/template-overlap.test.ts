import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { KeyTemplate } from '../../../src/rules/template/key-template.ts';
import type { Placeholder } from '../../../src/rules/template/template-part.ts';
import { templatesOverlap } from '../../../src/rules/template/template-overlap.ts';

// Thousands of cases take a second; on a machine that is busy with other suites, more.
vi.setConfig({ testTimeout: 60_000 });

// A tiny alphabet, so that two templates often do give the same key.
const tiny = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), maxLength });
const column: Placeholder = { source: { kind: 'column', name: 'c' }, at: 0, spread: false, filters: [] };
const tinyTemplate = fc
  .array(fc.oneof(tiny(3).filter(Boolean), fc.constant(column)), { minLength: 1, maxLength: 5 })
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
