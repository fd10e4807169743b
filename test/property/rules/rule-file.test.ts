import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { ProblemsError } from '../../../src/runtime/errors.ts';
import { parseRefreshQuery } from '../../../src/rules/schema/refresh-query.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';

// Thousands of cases take a second; on a machine that is busy with other suites, more.
vi.setConfig({ testTimeout: 60_000 });

/** A rule set, or problems that all have a place in the file: never anything else. */
function survives(text: string): void {
  try {
    expect(loadRules([{ file: 'f.yaml', text }]).rules.length).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const lines = text.split('\n').length;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { file, line = 0, column = 0, remedy } of error.problems) {
      expect([file, line >= 1, line <= lines, column >= 1, remedy.length > 3]).toEqual([
        'f.yaml',
        true,
        true,
        true,
        true,
      ]);
    }
  }
}

const VALID = { name: 'a', table: 'x.y', keys: ['a:{id}'], action: { refresh: { query: 'SELECT :id', ttl: '1m' } } };
const NAMES = [
  ...Object.keys(VALID),
  'on',
  'columns',
  'null_as',
  'partition_key',
  'refresh',
  'row',
  'rules',
  '__proto__',
];
const word = fc.oneof(
  fc.constantFrom(
    'delete',
    'insert',
    '/x(/',
    'a.b',
    '*.*',
    '{',
    'a:{id}',
    '10%',
    '10m',
    'never',
    'SELECT :a',
    ...NAMES,
  ),
  fc.string(),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.constantFrom(null, true, 0, -1.5),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), tie('tree'), { maxKeys: 6 }),
  ),
}));

it('any text is a rule set or has located problems', () => {
  fc.assert(fc.property(fc.string({ maxLength: 80, unit: 'binary' }), survives), { numRuns: 2000 });
  const yamlish = fc.string({ maxLength: 60, unit: fc.constantFrom(...'rules:-[]{}"\'\n #&*!|>%@`a1?,\t<~') });
  fc.assert(fc.property(yamlish, survives), { numRuns: 4000 });
});

it('any document is a rule set or has located problems', () => {
  fc.assert(
    fc.property(tree, (value) => survives(stringify(value))),
    { numRuns: 1500 },
  );
});

it('a right rule with one option replaced by anything is a rule set or has located problems', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), tree, (name, value) =>
      survives(stringify({ rules: [{ ...VALID, [name]: value }] })),
    ),
    { numRuns: 2500 },
  );
});

it('a right file with a piece cut out or put in is a rule set or has located problems', () => {
  const text = stringify({ rules: [VALID, { ...VALID, name: 'b', table: ['x.*', '/y/'], on: ['insert'] }] });
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 4 }), (from, length, piece) =>
      survives(text.slice(0, from) + piece + text.slice(from + length)),
    ),
    { numRuns: 2500 },
  );
});

it('what stands in quotes or comments of a query never becomes a parameter', () => {
  const inside = fc.string({ unit: fc.constantFrom(':', 'a', ';', ' ', '?', '"') });
  fc.assert(
    fc.property(fc.array(inside, { minLength: 1, maxLength: 3 }), (texts) => {
      const hidden = texts.map((text, i) => [`'${text}'`, `/* ${text} */`, `\`${text}\``][i] ?? '').join(' ');
      const parsed = parseRefreshQuery(`SELECT ${hidden}, :id`);
      expect('ok' in parsed && [parsed.ok.parameters, parsed.ok.sql]).toEqual([['id'], `SELECT ${hidden}, ?`]);
    }),
    { numRuns: 2000 },
  );
});
