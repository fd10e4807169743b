import { describe, expect, it } from 'vitest';
import type { RowChange, Table, Transaction } from '../../../src/model/row-change.ts';
import { brief, makeTransaction, TestEvaluator } from '../../support/evaluation.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const ORDERS = makeTable('shop', 'orders', ['id', 'status'], { primaryKey: ['id'] });
const rule = (name: string, options: string, table = 'shop.orders'): string =>
  `  - {name: ${name}, table: ${table}, action: delete, ${options}}\n`;
const rules = (...each: string[]): string => `rules:\n${each.join('')}`;
const RULES = rules(rule('r', 'keys: ["r:{id}", "x:{id}"], flush_above_rows: 2'));

/** Inserts of one transaction, each with the next id and version. */
function rowsOf(transaction: Transaction, ids: readonly number[], table: Table = ORDERS): RowChange[] {
  return ids.map((id) => ({ ...makeChange(table, null, { id, status: 'on' }, id), transaction }));
}

describe('a transaction with more rows than a rule allows', () => {
  it('gives one flush for each template at its end instead of keys for the rows beyond', () => {
    const evaluator = new TestEvaluator(RULES);
    const { invalidations } = evaluator.run(rowsOf(makeTransaction('big'), [1, 2, 3, 4]));
    expect(invalidations.map(brief)).toEqual([
      ...['delete r:1', 'delete x:1', 'delete r:2', 'delete x:2'],
      ...['flush r:* large_transaction *', 'flush x:* large_transaction *'],
    ]);
    expect(invalidations.at(-1)).toMatchObject({
      version: 4,
      partitionKey: 'r',
      origin: { primaryKey: null, gtid: 'big', table: 'orders', operation: 'insert' },
    });
  });

  it('gives none with just as many', () => {
    expect(new TestEvaluator(RULES).keys(rowsOf(makeTransaction(), [1, 2]))).toHaveLength(4);
  });

  it('is counted over its chunks', () => {
    const evaluator = new TestEvaluator(RULES);
    const transaction = makeTransaction();
    expect(evaluator.keys(rowsOf(transaction, [1, 2]), { ends: false })).toHaveLength(4);
    expect(evaluator.keys(rowsOf(transaction, [3]), { ends: false })).toEqual([]);
    expect(evaluator.keys(rowsOf(transaction, [4]))).toHaveLength(2);
    expect(evaluator.keys([])).toEqual([]);
  });

  it('is flushed before the next one in the same batch, which is counted anew', () => {
    const changes = [...rowsOf(makeTransaction(), [1, 2, 3]), ...rowsOf(makeTransaction(), [4])];
    expect(new TestEvaluator(RULES).keys(changes).slice(4)).toEqual([
      ...['flush r:* large_transaction *', 'flush x:* large_transaction *'],
      ...['delete r:4', 'delete x:4'],
    ]);
  });

  it('that breaks off and comes again is flushed at once and counted anew', () => {
    const evaluator = new TestEvaluator(RULES);
    evaluator.run(rowsOf(makeTransaction(), [1, 2, 3]), { ends: false });
    expect(evaluator.keys(rowsOf(makeTransaction(), [1]))).toEqual([
      ...['flush r:* large_transaction *', 'flush x:* large_transaction *'],
      ...['delete r:1', 'delete x:1'],
    ]);
  });

  it('does not touch the other rules', () => {
    const both = `${RULES}${rule('s', 'keys: ["s:{id}"], flush_above_rows: never')}`;
    const found = new TestEvaluator(both).keys(rowsOf(makeTransaction(), [1, 2, 3]));
    expect(found.filter((key) => key.includes(' s:'))).toEqual(['delete s:1', 'delete s:2', 'delete s:3']);
  });

  it('counts only the rows the rule would act on', () => {
    const text = rules(rule('r', `keys: ["r:{id}"], on: [insert], when: "after.status == 'on'", flush_above_rows: 1`));
    const transaction = makeTransaction();
    const off = { ...makeChange(ORDERS, null, { id: 9, status: 'off' }), transaction };
    const gone = { ...makeChange(ORDERS, { id: 9, status: 'on' }, null), transaction };
    expect(new TestEvaluator(text).keys([off, off, gone, gone, ...rowsOf(transaction, [1])])).toEqual(['delete r:1']);
  });

  it('counts the rows of all tables of a rule, and flushes the tables of those beyond', () => {
    const text = rules(rule('r', 'keys: ["{@database}:{id}"], flush_above_rows: 2', '"shop*.orders"'));
    const transaction = makeTransaction();
    const tables = ['shop1', 'shop2', 'shop3', 'shop2'].map((database) =>
      makeTable(database, 'orders', ['id', 'status']),
    );
    const changes = tables.flatMap((table, i) => rowsOf(transaction, [i + 1], table));
    expect(new TestEvaluator(text).keys(changes)).toEqual([
      'delete shop1:1',
      'delete shop2:2',
      'flush shop3:* large_transaction *',
      'flush shop2:* large_transaction *',
    ]);
  });

  it('counts the rows on which a condition fails, and collapses them beyond the limit', () => {
    const text = rules(rule('r', 'keys: ["r:{id}"], when: "after.id / int(after.status) > 0", flush_above_rows: 2'));
    const { invalidations, letters } = new TestEvaluator(text).run(rowsOf(makeTransaction(), [1, 2, 3, 4, 5]));
    expect(letters).toHaveLength(2);
    expect(invalidations.map(brief)).toEqual(['flush r:* large_transaction *']);
    expect(invalidations[0]?.version).toBe(5);
  });
});
