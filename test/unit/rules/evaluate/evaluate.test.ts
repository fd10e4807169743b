import { describe, expect, it } from 'vitest';
import type { Invalidation } from '../../../../src/model/invalidation.ts';
import type { Row, RowChange } from '../../../../src/model/row-change.ts';
import { brief, TestEvaluator } from '../../../support/evaluation.ts';
import { rulesOf } from '../../../support/rules.ts';
import { makeChange, makeTable } from '../../../support/tables.ts';

const PRODUCTS = makeTable('shop', 'products', ['id', 'name', 'price', 'category_id'], { primaryKey: ['id'] });
const product = (values: Row = {}): Row => ({ id: 7, name: 'Lamp', price: '9.99', category_id: 5, ...values });

const ISSUE_RULES = `rules:
  - name: product
    table: shop.products
    keys: ["product:{id}"]
    action: delete
  - name: category-lists
    table: shop.products
    columns: [category_id, price]
    keys: ["category:{category_id}:products"]
    action: delete
  - name: product-card
    table: shop.products
    keys: ["card:{id}"]
    action:
      refresh:
        query: SELECT id, name, price FROM products WHERE id = :id
        ttl: 10m
        jitter: 10%
`;

function setup(rules: string) {
  const evaluator = new TestEvaluator(rules);
  const evaluate = (before: Row | null, after: Row | null, table = PRODUCTS): readonly Invalidation[] =>
    evaluator.run([makeChange(table, before, after)]).invalidations;
  const keys = (...images: [Row | null, Row | null]): string[] => evaluate(...images).map(brief);
  return { evaluator, evaluate, keys, nulls: () => evaluator.metrics.of('sluice_null_keys_total') };
}

const one = (options: string): string => `rules:\n  - {name: r, table: shop.products, ${options}}\n`;

describe('the rules of the example', () => {
  it('invalidate the lists of both categories when a product moves from 5 to 7', () => {
    expect(setup(ISSUE_RULES).keys(product(), product({ category_id: 7 }))).toEqual([
      'delete product:7',
      'delete category:5:products',
      'delete category:7:products',
      'present card:7 {"id":7}',
    ]);
  });

  it('leave the list alone when a column it does not show changes', () => {
    expect(setup(ISSUE_RULES).keys(product(), product({ name: 'Lantern' }))).toEqual([
      'delete product:7',
      'present card:7 {"id":7}',
    ]);
  });

  it('take the keys of an insert from the after image and of a delete from the before image', () => {
    const { keys } = setup(ISSUE_RULES);
    expect(keys(null, product())).toEqual([
      'delete product:7',
      'delete category:5:products',
      'present card:7 {"id":7}',
    ]);
    expect(keys(product(), null)).toEqual(['delete product:7', 'delete category:5:products', 'gone card:7 {"id":7}']);
  });

  it('ignore other tables', () => {
    const { evaluate } = setup(ISSUE_RULES);
    expect(evaluate(null, { id: 1 }, makeTable('shop', 'orders', ['id']))).toEqual([]);
  });

  it('say who did it, in one object for the whole row change', () => {
    const found = setup(ISSUE_RULES).evaluate(product(), product({ name: 'x' }));
    expect(found[0]).toMatchObject({ key: 'product:7', partitionKey: 'product:7', version: 1, rule: 'product' });
    expect(found[0]?.origin).toMatchObject({
      database: 'shop',
      table: 'products',
      operation: 'update',
      primaryKey: { id: 7 },
      gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23',
      coordinates: { file: 'binlog.000007', offset: 4242 },
      commitTimeMs: 1_700_000_000_123.456,
      captureTimeMs: 1000,
      ruleSet: rulesOf(ISSUE_RULES).hash,
    });
    expect(found[1]?.origin).toBe(found[0]?.origin);
  });

  it('evaluate many changes in their order', () => {
    const { evaluator } = setup(one('keys: ["p:{id}"], action: delete'));
    const changes: RowChange[] = [3, 1, 2].map((id) => makeChange(PRODUCTS, null, product({ id }), id));
    expect(evaluator.run(changes).invalidations.map(({ key, version }) => [key, version])).toEqual([
      ['p:3', 3],
      ['p:1', 1],
      ['p:2', 2],
    ]);
  });
});

describe('`on`', () => {
  it('chooses the operations', () => {
    const { keys } = setup(one('on: [delete], keys: ["p:{id}"], action: delete'));
    expect([keys(null, product()), keys(product(), product()), keys(product(), null)]).toEqual([
      [],
      [],
      ['delete p:7'],
    ]);
  });
});

describe('`columns`', () => {
  const rules = one('columns: [price], keys: ["list:{category_id}"], action: delete');

  it('always lets a changed key count: the old one would stay alive', () => {
    expect(setup(rules).keys(product(), product({ category_id: 6 }))).toEqual(['delete list:5', 'delete list:6']);
  });

  it('compares by meaning, not by identity', () => {
    const { keys } = setup(rules);
    expect(keys(product({ price: Buffer.from('1') }), product({ price: Buffer.from('1') }))).toEqual([]);
    expect(keys(product({ price: Buffer.from('1') }), product({ price: Buffer.from('2') }))).toEqual(['delete list:5']);
  });

  it('sees a change from and to NULL', () => {
    const { keys } = setup(rules);
    expect(keys(product({ price: null }), product())).toEqual(['delete list:5']);
    expect(keys(product(), product({ price: null }))).toEqual(['delete list:5']);
    expect(keys(product({ price: null }), product({ price: null }))).toEqual([]);
  });

  it('does not hold back inserts and deletes', () => {
    const { keys } = setup(rules);
    expect([...keys(null, product()), ...keys(product(), null)]).toEqual(['delete list:5', 'delete list:5']);
  });
});

describe('NULL in a key', () => {
  it('skips the key and counts it', () => {
    const { keys, nulls } = setup(one('keys: ["c:{category_id}", "p:{id}"], action: delete'));
    expect(keys(null, product({ category_id: null }))).toEqual(['delete p:7']);
    expect(nulls()).toEqual({ 'sluice_null_keys_total r': 1 });
  });

  it('still invalidates the side that has a value', () => {
    const { keys, nulls } = setup(one('keys: ["c:{category_id}"], action: delete'));
    expect(keys(product(), product({ category_id: null }))).toEqual(['delete c:5']);
    expect(keys(product({ category_id: null }), product())).toEqual(['delete c:5']);
    expect(nulls()).toEqual({ 'sluice_null_keys_total r': 2 });
  });

  it('becomes the text the rule gives', () => {
    const { keys, nulls } = setup(one('keys: ["c:{category_id}"], null_as: none, action: delete'));
    expect(keys(product(), product({ category_id: null }))).toEqual(['delete c:5', 'delete c:none']);
    expect(nulls()).toEqual({});
  });

  it('never costs an invalidation when it stands in the partition key', () => {
    const { evaluate } = setup(one('keys: ["p:{id}"], partition_key: "{category_id}", action: delete'));
    expect(evaluate(null, product({ category_id: null }))[0]?.partitionKey).toBe('NULL');
  });
});

describe('a partition key', () => {
  it('comes from the image the key came from', () => {
    const { evaluate } = setup(one('keys: ["p:{id}"], partition_key: "cat-{category_id}", action: delete'));
    const found = evaluate(product(), product({ id: 8, category_id: 6 }));
    expect(found.map(({ key, partitionKey }) => [key, partitionKey])).toEqual([
      ['p:7', 'cat-5'],
      ['p:8', 'cat-6'],
    ]);
  });
});

describe('a refresh', () => {
  it('from the row carries the chosen columns, by the names the rule uses', () => {
    const { keys } = setup(one('keys: ["p:{id}"], action: {refresh: {row: [ID, price]}}'));
    expect(keys(null, product({ price: null }))).toEqual(['present p:7 {"ID":7,"price":null}']);
  });

  it('from the row carries all columns for `row: true`, and none when the row is gone', () => {
    const { keys } = setup(one('keys: ["p:{id}"], action: {refresh: {row: true}}'));
    expect(keys(null, product())).toEqual(['present p:7 {"id":7,"name":"Lamp","price":"9.99","category_id":5}']);
    expect(keys(product(), null)).toEqual(['gone p:7 {}']);
  });

  it('says the old key is gone, with the old parameters, when the key column changed', () => {
    const { keys } = setup(one('keys: ["p:{id}"], action: {refresh: {query: "SELECT 1 WHERE :id = :ID"}}'));
    expect(keys(product(), product({ id: 8 }))).toEqual(['gone p:7 {"id":7,"ID":7}', 'present p:8 {"id":8,"ID":8}']);
  });

  it('does not call a key gone that the after image has through another template', () => {
    const { keys } = setup(one('keys: ["u:{id}", "u:{name}"], action: {refresh: {row: [price]}}'));
    expect(keys(product({ id: 1, name: '2' }), product({ id: 2, name: '1' }))).toEqual([
      'present u:2 {"price":"9.99"}',
      'present u:1 {"price":"9.99"}',
    ]);
  });

  it('names a key once that two templates give', () => {
    const { keys } = setup(one('keys: ["u:{id}", "u:{category_id}"], action: delete'));
    expect(keys(product({ id: 5 }), null)).toEqual(['delete u:5']);
    expect(keys(null, product({ id: 5 }))).toEqual(['delete u:5']);
  });
});

describe('a delete', () => {
  it('says per key whether it must leave its version', () => {
    const { evaluate } = setup(`${ISSUE_RULES}
  - {name: wipe, table: shop.products, on: [delete], keys: ["x:{id}", "card:{id}"], action: delete}
`);
    const found = evaluate(product(), null).filter(({ rule }) => rule === 'wipe');
    expect(found.map((each) => [each.key, each.action === 'delete' && each.versioned])).toEqual([
      ['x:7', false],
      ['card:7', true],
    ]);
    const after = setup(
      one('keys: ["x:{id}", "card:{id}"], action: delete').concat(
        '  - {name: card, table: shop.cards, keys: ["card:{id}"], action: {refresh: {row: true}}}\n',
      ),
    ).evaluate(null, product());
    expect(after.map((each) => each.action === 'delete' && each.versioned)).toEqual([false, true]);
  });
});

describe('a column', () => {
  it('is found whatever its case', () => {
    expect(setup(one('keys: ["p:{ID}"], columns: [PRICE], action: delete')).keys(null, product())).toEqual([
      'delete p:7',
    ]);
  });

  it('that the image does not have is not taken for NULL', () => {
    const { evaluator, nulls } = setup(one('keys: ["p:{price}"], action: delete'));
    const { invalidations, letters } = evaluator.run([makeChange(PRODUCTS, null, { id: 7 })]);
    expect(invalidations).toEqual([]);
    expect(letters[0]?.reason).toContain('RULE_COLUMN_MISSING: a row image comes without column `price`');
    expect(nulls()).toEqual({});
  });
});
