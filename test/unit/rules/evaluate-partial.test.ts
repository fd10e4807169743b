/** Updates of a session with binlog_row_image=MINIMAL: the primary key before, and after it what changed. */
import { describe, expect, it } from 'vitest';
import { TestEvaluator } from '../../support/evaluation.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const TABLE = makeTable('shop', 'products', ['id', 'sku', 'price', 'stock'], { primaryKey: ['id'] });
const rule = (more: string): string => `rules:\n  - {name: p, table: shop.products, action: delete, ${more}}\n`;

describe('a row of which the log has only a part', () => {
  it('is enough for a key of columns that it has', () => {
    const evaluator = new TestEvaluator(rule('keys: ["p:{id}"]'));
    expect(evaluator.keys([makeChange(TABLE, { id: 1 }, { id: 1, price: 2 })])).toEqual(['delete p:1']);
    expect(evaluator.keys([makeChange(TABLE, { id: 1 }, { id: 2 })])).toEqual(['delete p:1', 'delete p:2']);
  });

  it('touches the columns that are in it, and no other', () => {
    const evaluator = new TestEvaluator(rule('keys: ["p:{id}"], columns: [price]'));
    expect(evaluator.keys([makeChange(TABLE, { id: 1 }, { id: 1, price: 2 })])).toEqual(['delete p:1']);
    expect(evaluator.keys([makeChange(TABLE, { id: 1 }, { id: 1, stock: 2 })])).toEqual([]);
  });

  it('is a dead letter for a key of others: which one is stale, nobody knows', () => {
    const evaluator = new TestEvaluator(rule('keys: ["p:{sku}"]'));
    const { invalidations, letters } = evaluator.run([makeChange(TABLE, { id: 1 }, { id: 1, price: 2 })]);
    expect(invalidations).toEqual([]);
    expect(letters).toMatchObject([{ reason: expect.stringContaining('binlog_row_image=FULL') as string }]);
  });
});
