import { expect, it } from 'vitest';
import { tableOfJson } from '../../../../src/rules/testing/table-of-json.ts';
import type { JsonValue, RowChange } from '../../../../src/model/row-change.ts';
import { TestEvaluator } from '../../../support/evaluation.ts';
import { makeChange } from '../../../support/tables.ts';

type Image = Record<string, JsonValue>;

/** An update whose images are kept in a dead letter. */
function changeOf(before: Image, after: Image): RowChange {
  const of = { database: 'shop', name: 'products', primaryKey: ['id'], types: new Map([['id', 'int']]) };
  const { table, rowOf } = tableOfJson(of, [before, after]);
  return makeChange(table, rowOf(before), rowOf(after));
}

/** As a replay reads it: a letter is its failure, whatever else comes of it. */
const run = (more: string, change: RowChange): string[] => {
  const rules = `rules:\n  - {name: r, table: shop.products, action: delete, ${more}}\n`;
  const { invalidations, letters } = new TestEvaluator(rules).run([change]);
  const failures = letters.map(({ reason }) => reason.split(':')[0] ?? '');
  return failures.length > 0 ? failures : invalidations.map(({ action }) => action);
};

it('a column that an image does not have is not NULL in it: a rule that needs it fails again', () => {
  const change = changeOf({ id: 1 }, { id: 1, sku: 'a', name: null });
  expect([change.before, change.after]).toEqual([{ id: '1' }, { id: '1', sku: 'a', name: null }]);
  expect(run('keys: ["p:{id}"], columns: [name]', change)).toEqual(['delete']);
  expect(run('keys: ["p:{sku}"]', change)).toEqual(['RULE_COLUMN_MISSING']);
  expect(run('keys: ["p:{sku}"], null_as: none', change)).toEqual(['RULE_COLUMN_MISSING']);
  expect(run('keys: ["p:{name}"]', change)).toEqual(['RULE_COLUMN_MISSING']);
});

it('a column that neither has is none of the table, so that nobody takes it for one that did not change', () => {
  const change = changeOf({ id: 1 }, { id: 1 });
  expect(run('keys: ["p:{id}"]', change)).toEqual(['delete']);
  expect(run('keys: ["p:{id}"], columns: [doc]', change)).toEqual(['RULE_COLUMN_MISSING']);
  expect(run('keys: ["p:{doc}"]', change)).toEqual(['RULE_COLUMN_MISSING']);
});
