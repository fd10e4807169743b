import { describe, expect, it } from 'vitest';
import { runTest, type TestResult } from '../../../../src/rules/testing/run-test.ts';
import { parseTestFile } from '../../../../src/rules/testing/test-file.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { rulesOf } from '../../../support/rules.ts';

const RULES = rulesOf(`
rules:
  - {name: product, table: shop.products, keys: ['product:{id}'], action: delete}
  - {name: lists, table: shop.products, columns: [category_id], keys: ['category:{category_id}:products'], action: delete}
  - {name: card, table: shop.products, on: [insert], keys: ['card:{id}'], action: {refresh: {row: [id]}}}
  - {name: late, table: shop.late, keys: ['late:{id}'], action: {delete: {again_after: 1s}}}
  - {name: pages, table: shop.pages, keys: ['page:{@epoch}:{id}'], action: delete, table_changes: epoch}
  - name: line
    table: shop.lines
    lookup: {query: SELECT customer_id FROM orders WHERE id = :order_id, tables: [shop.orders]}
    keys: ['customer:{lookup.customer_id}']
    action: delete
`);

async function run(text: string): Promise<TestResult[]> {
  const file = parseTestFile('a.test.yaml', text);
  const lookup = file.answers(RULES);
  const results: TestResult[] = [];
  for (const test of file.tests) results.push(await runTest(test, { ruleSet: RULES, lookup, clock: new FakeClock() }));
  return results;
}

const one = async (text: string): Promise<TestResult | undefined> => (await run(text))[0];

describe('a rule test', () => {
  it('may say that a key is deleted again, and when', async () => {
    const of = (again: string): string => `
tests:
  - name: again
    change: {table: shop.late, delete: {id: 7}}
    expect: [{delete: 'late:7', ${again}}]
  - name: a flush
    change: {table: shop.late, truncate: true}
    expect: [{flush: 'late:*', ${again}}]
`;
    expect(await run(of('again_after: 1000ms'))).toMatchObject([{ missing: [] }, { missing: [] }]);
    expect(await run(of('rule: late'))).toMatchObject([{ missing: [] }, { missing: [] }]);
    expect(await run(of('again_after: 2s'))).toMatchObject([{ missing: [{}] }, { missing: [{}] }]);
    const plain = `{tests: [{name: once, change: {table: shop.products, delete: {id: 7}}, expect: [{delete: 'product:7', again_after: 1s}]}]}`;
    expect(await one(plain)).toMatchObject({
      missing: [{ hints: ['it happens, but with no again_after'] }],
    });
  });

  it('passes when exactly what is expected happens', async () => {
    const text = `
tests:
  - name: moved
    change: {table: shop.products, update: {before: {id: 7, category_id: 5}, after: {category_id: 6}}}
    expect: [{delete: 'category:6:products'}, {delete: 'category:5:products', rule: lists}, {delete: 'product:7'}]
`;
    expect(await one(text)).toMatchObject({ missing: [], unexpected: [] });
  });

  it('fails with what is missing, what is too much, and why', async () => {
    const text = `
tests:
  - name: renamed
    change: {table: shop.products, update: {before: {id: 7, category_id: 5, name: a}, after: {name: b}}}
    expect: [{delete: 'category:5:products', rule: lists}, {delete: 'card:7', rule: card}, {delete: x, rule: pages}, {delete: y, rule: no}]
`;
    const result = await one(text);
    expect(result?.missing.map(({ hints }) => hints)).toEqual([
      ['rule lists: none of its columns changed: category_id'],
      ['rule card: `on` is insert, and not update'],
      ['rule pages is about other tables'],
      ['there is no rule no'],
    ]);
    expect(result?.unexpected.map(({ subject }) => subject)).toEqual(['product:7']);
  });

  it('finds lookups in the file, and makes a dead letter of a question without an answer', async () => {
    const text = `
lookups: {line: [{parameters: {order_id: 1}, rows: [{customer_id: 7}, {customer_id: 8}]}]}
tests:
  - {name: answered, change: {table: shop.lines, insert: {id: 3, order_id: 1}}, expect: [{delete: 'customer:7'}, {delete: 'customer:8'}]}
  - {name: not answered, change: {table: shop.lines, insert: {id: 3, order_id: 2}}, expect: [{dead_letter: line, reason: 'no answer for (2)'}]}
`;
    expect(await run(text)).toMatchObject([
      { missing: [], unexpected: [] },
      { missing: [], unexpected: [] },
    ]);
  });

  it('begins with the epochs of the test, and sees a raise within its transaction', async () => {
    const text = `
tests:
  - name: raised
    epochs: {shop.pages: 4}
    transaction: [{table: shop.pages, insert: {id: 1}}, {table: shop.pages, truncate: true}, {table: shop.pages, insert: {id: 1}}]
    expect: [{delete: 'page:4:1'}, {epoch: shop.pages, rule: pages}, {delete: 'page:6:1'}]
`;
    expect(await one(text)).toMatchObject({ missing: [], unexpected: [] });
  });

  it('takes a column that a rule names and a row leaves out as NULL, unless the table is declared', async () => {
    const text = `
tests:
  - name: no category
    change: {table: shop.products, delete: {ID: 7}}
    expect: [{delete: 'product:7'}]
`;
    expect(await one(text)).toMatchObject({ missing: [], unexpected: [] });
  });

  it('makes a dead letter of a row of a declared table without a column that a rule needs', async () => {
    const text = `
tables: {shop.products: {columns: {id: int}}}
tests:
  - name: no category
    change: {table: shop.products, delete: {id: 7}}
    expect: [{delete: 'product:7'}, {dead_letter: lists, reason: RULE_COLUMN_MISSING}, {flush: 'category:*:products', reason: column_missing}]
`;
    expect(await one(text)).toMatchObject({ missing: [], unexpected: [] });
  });
});
