import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { ProblemsError } from '../../../src/runtime/errors.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { parseKeyTemplate } from '../../../src/rules/template/key-template.ts';
import { printTemplate } from '../../../src/rules/template/template-print.ts';

// Half a minute on a quiet machine.
vi.setConfig({ testTimeout: 240_000 });

/** Together more than 50,000 cases. */
const RUNS = { tokens: 9_000, characters: 13_000, options: 7_000, lines: 8_000, text: 14_000 };

const SOURCES = { env: { CACHE_PREFIX: 'p' }, readFile: () => 'text' };

/** A rule set whose templates can be printed and read again, or problems that all have a place within the text. */
function survives(text: string): void {
  let rules;
  try {
    ({ rules } = loadRules([{ file: 'f.yaml', text }], SOURCES));
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = text.split('\n');
    for (const problem of error.problems) {
      const { file, line = 0, column = 0, remedy, excerpt = '\n^' } = problem;
      const length = lines[line - 1]?.length ?? -1;
      const inside = column >= 1 && column <= length + 1;
      if (file === 'f.yaml' && inside && remedy.length > 3 && /^[^\n]*\n *\^$/.test(excerpt)) continue;
      expect.fail(`no place in the text: ${JSON.stringify(problem)}`);
    }
    return;
  }
  expect(rules.length).toBeGreaterThan(0);
  for (const { keys } of rules) {
    for (const key of keys) {
      const printed = printTemplate(key);
      const again = parseKeyTemplate(printed);
      expect('ok' in again ? printTemplate(again.ok) : again, printed).toBe(printed);
    }
  }
}

const VALID = [
  'config/rules.example.yaml',
  ...readdirSync('config/cookbook')
    .filter((name) => !name.includes('.test.'))
    .map((name) => `config/cookbook/${name}`),
].map((file) => readFileSync(file, 'utf8').replace(/^ *#.*\n/gm, ''));
const valid = fc.constantFrom(...VALID);

/** Words, numbers, runs of spaces, and every other character by itself. */
const tokensOf = (text: string): string[] => text.match(/\w+|\s+|[^\w\s]/g) ?? [];
const ALL_TOKENS = [...new Set(VALID.flatMap(tokensOf))];
const SPECIAL = [
  ...'{}[]()|:,$@`"\'#&*!%<>?\\/\t\n-',
  '\u0000',
  '\ufffd',
  '\ud800',
  '{@epoch}',
  '{$prefix}',
  '${X}',
  '<<: ',
  '!!',
  '---\n',
  '|\n',
  '*a',
  '&a ',
];
const piece = fc.oneof(fc.constantFrom(...SPECIAL), fc.constantFrom(...ALL_TOKENS), fc.string({ maxLength: 3 }));

/** One change to a list of tokens: one goes, comes twice, changes places with the next, or another comes in. */
const mutation = fc.record({
  at: fc.nat(10_000),
  kind: fc.constantFrom('delete', 'double', 'swap', 'insert', 'replace'),
  piece,
});

function mutate(tokens: string[], { at, kind, piece }: { at: number; kind: string; piece: string }): void {
  const i = at % tokens.length;
  const token = tokens[i] ?? '';
  if (kind === 'delete') tokens.splice(i, 1);
  else if (kind === 'double') tokens.splice(i, 0, token);
  else if (kind === 'swap') tokens.splice(i, 2, tokens[i + 1] ?? '', token);
  else tokens.splice(i, kind === 'insert' ? 0 : 1, piece);
  if (tokens.length === 0) tokens.push(piece);
}

it('a valid file with a few tokens changed is a rule set or has located problems', () => {
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
  const property = fc.property(valid, mutations, (text, changes) => {
    const tokens = tokensOf(text);
    for (const change of changes) mutate(tokens, change);
    survives(tokens.join(''));
  });
  fc.assert(property, { numRuns: RUNS.tokens });
});

it('a valid file with characters put in or cut out is a rule set or has located problems', () => {
  const property = fc.property(valid, fc.nat(5000), fc.nat(6), piece, (text, at, length, put) => {
    const from = at % text.length;
    survives(text.slice(0, from) + put + text.slice(from + length));
  });
  fc.assert(property, { numRuns: RUNS.characters });
});

it('valid files with their lines mixed are a rule set or have located problems', () => {
  const lines = VALID.flatMap((text) => text.split('\n'));
  const some = fc.array(fc.constantFrom(...lines), { maxLength: 8 });
  const property = fc.property(valid, fc.nat(60), fc.nat(4), some, (text, at, length, put) => {
    const own = text.split('\n');
    own.splice(at % own.length, length, ...put);
    survives(own.join('\n'));
  });
  fc.assert(property, { numRuns: RUNS.lines });
});

const TEXTS = [
  'delete',
  'flush',
  'epoch',
  'ignore',
  'never',
  'insert',
  '10m',
  '10%',
  'a.b',
  '/(?<n>a+)\\.b/i',
  '/(a+)+\\.b/',
  'shop_*.t',
  'a:{id}',
  '{$n}:{id | lower}',
  '{lookup.x}',
  'a:{tags[*]}',
  "op == 'insert'",
  'after.a.matches("^a+$")',
  'before.a > 1 &&',
  'SELECT a FROM b WHERE c = :d',
  'SELECT 1;',
  '${CACHE_PREFIX}',
  '${file:/x}',
  '${X:-',
  '%Y',
  '$.a[*]',
];
const OPTIONS = [
  'name',
  'table',
  'columns',
  'when',
  'lookup',
  'keys',
  'partition_key',
  'on',
  'null_as',
  'action',
  'max_keys',
  'flush_above_rows',
  'table_changes',
  'query',
  'tables',
  'cache',
  'timeout',
  'refresh',
  'row',
  'store',
  'ttl',
  'jitter',
  'empty',
  'value',
  'insert',
  'update',
  'delete',
  'truncate',
  'drop',
  'rename',
  'alter',
  'rules',
  'constants',
  'defaults',
  '__proto__',
  'constructor',
  '<<',
];
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...TEXTS),
    fc.string({ maxLength: 20 }),
    fc.constantFrom<unknown>(null, true, false, 0, 1, -1.5, 1e308, 100),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...OPTIONS), tie('value'), { maxKeys: 4 }),
  ),
}));

it('a rule with options of any value is a rule set or has located problems', () => {
  const base = { name: 'a', table: '/s(?<n>\\d+)\\.t/', keys: ['a:{id}'], action: 'delete' };
  const own = fc.dictionary(fc.constantFrom(...OPTIONS), anyValue, { maxKeys: 2 });
  const section = fc.option(fc.dictionary(fc.constantFrom(...OPTIONS), anyValue, { maxKeys: 2 }), { nil: undefined });
  const property = fc.property(own, section, section, (rule, constants, defaults) => {
    survives(
      stringify(
        {
          constants,
          defaults,
          rules: [
            { ...base, ...rule },
            { ...base, name: 'b', table: 'x.y' },
          ],
        },
        { aliasDuplicateObjects: false },
      ),
    );
  });
  fc.assert(property, { numRuns: RUNS.options });
});

it('any text is a rule set or has located problems', () => {
  const fragments = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(''));
  const property = fc.property(fc.oneof(fragments, fc.string({ maxLength: 60, unit: 'binary' })), (text) =>
    survives(text),
  );
  fc.assert(property, { numRuns: RUNS.text });
});
