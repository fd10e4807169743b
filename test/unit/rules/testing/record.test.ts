import { describe, expect, it } from 'vitest';
import { jsonNamesIn } from '../../../../src/rules/testing/json-names.ts';
import { Masker } from '../../../../src/rules/testing/mask.ts';
import { Recorder, type RecordedFile } from '../../../../src/rules/testing/record.ts';
import type { SeenAnswer } from '../../../../src/rules/testing/recording-lookup.ts';
import { passed, runTest } from '../../../../src/rules/testing/run-test.ts';
import { parseTestFile, type RuleTestFile } from '../../../../src/rules/testing/test-file.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { rulesOf } from '../../../support/rules.ts';

const RULES = rulesOf(`
rules:
  - {name: user, table: shop.users, keys: ['user:{id}', 'user:by-email:{email | lower}'], action: delete}
  - {name: active, table: shop.users, when: after.state == 'active', keys: ['active:{id}'], action: {refresh: {row: [id, email]}}}
  - {name: named, table: shop.people, when: after.name == 'Ann' && after.doc.level == 3, keys: ['p:{id}', 'x:{doc | json("$.street")}'], action: delete}
  - {name: month, table: shop.users, columns: [born], keys: ['born:{born | date("%Y-%m")}', 'tag:{tags[*]}'], partition_key: '{id}', action: delete}
  - name: line
    table: shop.lines
    lookup: {query: SELECT customer_id FROM orders WHERE id = :order_id, tables: [shop.orders]}
    keys: ['customer:{lookup.customer_id}']
    action: delete
`);
const TABLES = `
tables:
  shop.users: {columns: {id: bigint unsigned, email: varchar(60), state: "enum('active','gone')", born: date, tags: json, secret: text}, primary_key: [id]}
  shop.lines: {columns: {id: int, order_id: int}, primary_key: [id]}
  shop.people: {columns: {id: int, name: text, doc: json}, primary_key: [id]}
  shop.other: {columns: {id: int}}
`;
const USER = "{id: 4711, email: Ann@example.org, state: active, born: '1984-05-06', tags: [red, blue], secret: hidden}";

async function record(
  tests: string,
  options: { mask?: boolean; keep?: string[]; lookups?: SeenAnswer[]; maxTests?: number; maxChanges?: number } = {},
): Promise<RecordedFile & { file: RuleTestFile }> {
  const keep = new Set(options.keep ?? []);
  const recorder = new Recorder({
    ruleSet: RULES,
    masker:
      options.mask === false ? null : new Masker({ salt: new Uint8Array(16), keep, jsonNames: jsonNamesIn(RULES) }),
    maxTests: options.maxTests ?? 100,
    maxChanges: options.maxChanges ?? 100,
    clock: new FakeClock(),
  });
  const source = parseTestFile('history', `${TABLES}tests:\n${tests}`);
  source.tests.forEach(({ batch }, index) => {
    // Real transactions begin at places of their own.
    const begin = { file: 'binlog.000001', offset: 100 * (index + 1) };
    recorder.add({
      ...batch,
      changes: batch.changes.map((each) => ({ ...each, transaction: { ...each.transaction, begin } })),
    });
  });
  const facts = { rules: ['rules.yaml'], environment: { PREFIX: 'p' }, schema: 'schema/x.json' };
  const recorded = await recorder.finish(facts, options.lookups ?? []);
  return { ...recorded, file: parseTestFile('recorded.test.yaml', recorded.text) };
}

const transaction = (name: string, ...changes: string[]): string =>
  `  - {name: ${name}, transaction: [${changes.join(', ')}], expect: []}\n`;
const HISTORY =
  transaction('a', `{table: shop.users, insert: ${USER}}`, '{table: shop.other, insert: {id: 1}}') +
  transaction(
    'b',
    `{table: shop.users, update: {before: ${USER}, after: {email: Bob@example.org, born: '1990-01-02'}}}`,
  ) +
  transaction('c', `{table: shop.users, delete: ${USER}}`) +
  transaction('d', '{table: shop.users, truncate: true}') +
  transaction('e', '{table: shop.other, insert: {id: 2}}');

describe('recorded tests', () => {
  it('pass as they are, one for each transaction that a rule is about', async () => {
    const { file, tests, text } = await record(HISTORY);
    expect(tests).toBe(4);
    expect(file.tests.map(({ name }) => name)).toEqual([
      '1: insert shop.users',
      '2: update shop.users',
      '3: delete shop.users',
      '4: truncate shop.users',
    ]);
    for (const test of file.tests) {
      const result = await runTest(test, { ruleSet: RULES, lookup: file.answers(RULES), clock: new FakeClock() });
      expect(passed(result), test.name).toBe(true);
      expect(test.expected.length, test.name).toBeGreaterThan(3);
    }
    expect(file.rules).toEqual(['rules.yaml']);
    expect(file.environment).toEqual({ PREFIX: 'p' });
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=schema/x.json');
  });

  it('hold no value of a row, and no column that no rule reads', async () => {
    const { text } = await record(HISTORY);
    for (const value of ['4711', 'Ann', 'Bob', 'ann', 'bob', '1984', '1990', 'red', 'blue', 'hidden', 'secret']) {
      expect(text).not.toMatch(new RegExp(`\\b${value}\\b`));
    }
    // The words of an ENUM are the schema's.
    expect(text).toContain('state: active');
  });

  it('keep of the names of JSON members only those that the rules name, and mask the others consistently', async () => {
    const insert = '{table: shop.people, insert: {id: 1, name: x, doc: {street: a, level: 3, ann: {ann: 1}}}}';
    const { text } = await record(transaction('a', insert));
    expect(text).toContain('street');
    expect(text).toContain('level');
    expect(text).not.toContain('ann');
    expect(text).toMatch(/"([a-z]{3})": \{"\1": \d/);
  });

  it('count the changes that other rules match once their values are masked, with the columns to keep', async () => {
    const insert = (id: number, name: string): string =>
      transaction(`t${id}`, `{table: shop.people, insert: {id: ${id}, name: ${name}, doc: {level: 3}}}`);
    const history = insert(1, 'Ann') + insert(2, 'Bob');
    expect((await record(history)).masking).toEqual({ changes: 1, columns: ['name', 'doc'] });
    expect((await record(history, { keep: ['name', 'doc'] })).masking).toEqual({ changes: 0, columns: [] });
  });

  it('keep what is asked to be kept, or everything', async () => {
    expect((await record(HISTORY, { keep: ['email'] })).text).toContain('user:by-email:ann@example.org');
    const { text } = await record(HISTORY, { mask: false });
    expect(text).toContain('delete: user:4711');
    expect(text).toContain('treat this file as you treat the data');
    expect(text).not.toContain('hidden');
  });

  it('bring the answers of lookups along, masked as the rows are', async () => {
    const history = transaction(
      'a',
      '{table: shop.lines, insert: {id: 10, order_id: 4711}}',
      `{table: shop.users, insert: ${USER}}`,
    );
    const sql = RULES.rules.find(({ name }) => name === 'line')?.lookup?.sql ?? '';
    const answer = { sql, parameters: [4711], rows: [{ customer_id: '4711' }] };
    const { file, text } = await record(history, { lookups: [answer] });
    expect(text).not.toContain('4711');
    const subjects = file.tests[0]?.expected.map(({ subject }) => subject) ?? [];
    const customer = subjects.find((subject) => subject.startsWith('customer:'));
    expect(subjects).toContain(customer?.replace('customer', 'user'));
    const real = await record(history, { lookups: [answer], mask: false });
    expect(real.file.tests[0]?.expected.map(({ subject }) => subject)).toContain('customer:4711');
  });

  it('have an empty answer for what only masked rows ask', async () => {
    const { text, file } = await record(transaction('a', '{table: shop.lines, insert: {id: 10, order_id: 4711}}'));
    expect(text).toMatch(/lookups:\n {2}line:\n {4}- parameters:\n {8}order_id: \d{4}\n {6}rows: \[\]/);
    expect(file.tests[0]?.expected).toEqual([]);
  });

  it('leave out what is too large, and stop at the limit', async () => {
    const rows = Array.from({ length: 4 }, (_, id) => `{table: shop.users, insert: {id: ${id}}}`);
    const { tests, leftOut } = await record(transaction('large', ...rows) + HISTORY, { maxChanges: 3, maxTests: 2 });
    expect({ tests, leftOut }).toEqual({ tests: 2, leftOut: 1 });
  });
});
