import { describe, expect, it } from 'vitest';
import type { Row, Table } from '../../../src/model/row-change.ts';
import { brief, TestEvaluator } from '../../support/evaluation.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const PRODUCTS = makeTable('shop', 'products', ['id', 'name', 'tags', 'other', 'status'], { primaryKey: ['id'] });
const row = (values: Row = {}): Row => ({ id: 7, name: 'Lamp', tags: 'a,b', other: '1,2', status: 'on', ...values });

const one = (options: string): string => `rules:\n  - {name: r, table: shop.products, ${options}}\n`;
const setup = (rules: string) => {
  const evaluator = new TestEvaluator(rules);
  const keys = (before: Row | null, after: Row | null, table: Table = PRODUCTS): string[] =>
    evaluator.keys([makeChange(table, before, after)]);
  const letters = (before: Row | null, after: Row | null): string[] =>
    evaluator.run([makeChange(PRODUCTS, before, after)]).letters.map(({ reason }) => reason);
  return { evaluator, keys, letters };
};

describe('an action for each operation', () => {
  const { keys } = setup(one('keys: ["p:{id}"], on: {insert: delete, update: {refresh: {row: [name]}}}'));

  it('is the one that is taken', () => {
    expect(keys(null, row())).toEqual(['delete p:7 *']);
    expect(keys(row(), row())).toEqual(['present p:7 {"name":"Lamp"}']);
  });

  it('is none for an operation that is not named', () => {
    expect(keys(row(), null)).toEqual([]);
  });
});

describe('`when`', () => {
  it('lets only the rows count for which it is true', () => {
    const { keys } = setup(one(`keys: ["p:{id}"], when: "after.status == 'on'", action: delete`));
    expect([keys(null, row()), keys(null, row({ status: 'off' })), keys(row(), null)]).toEqual([
      ['delete p:7'],
      [],
      [],
    ]);
  });

  it('is not asked when `columns` says no already', () => {
    const { letters } = setup(one(`keys: ["p:{id}"], columns: [status], when: "after.name < 1", action: delete`));
    expect(letters(row(), row({ other: 'x' }))).toEqual([]);
    expect(letters(row(), row({ status: 'x' }))).toHaveLength(1);
  });

  it('that fails makes a dead letter of the row with all its columns, for this rule alone', () => {
    const { evaluator } = setup(
      one(`keys: ["p:{id}"], when: "after.name < 1", action: delete`) +
        '  - {name: s, table: shop.products, keys: ["s:{id}"], action: delete}\n',
    );
    const { invalidations, letters } = evaluator.run([
      makeChange(PRODUCTS, null, row(), 5),
      makeChange(PRODUCTS, null, row({ id: 8 }), 6),
    ]);
    expect(invalidations.map(brief)).toEqual(['delete s:7', 'delete s:8']);
    expect(letters.map(({ item }) => item.kind === 'unmapped' && [item.rule, item.version])).toEqual([
      ['r', 5],
      ['r', 6],
    ]);
    expect(letters[0]).toMatchObject({
      reason: expect.stringMatching(/^RULE_CONDITION_FAILED: rule `/) as string,
      target: null,
      item: {
        place: 'binlog.000007:4242',
        before: null,
        after: { id: 7, name: 'Lamp', tags: 'a,b', other: '1,2', status: 'on' },
        origin: { primaryKey: { id: 7 }, operation: 'insert', captureTimeMs: 1000 },
      },
    });
  });
});

describe('a list in a template', () => {
  const lists = (more = ''): string => one(`keys: ["t:{tags | split(',')}"], action: delete${more}`);

  it('gives a key for each of its elements', () => {
    expect(setup(lists()).keys(null, row())).toEqual(['delete t:a', 'delete t:b']);
  });

  it('names the keys only the before image has first, and those of both once', () => {
    expect(setup(lists()).keys(row({ tags: 'a,b,c' }), row({ tags: 'c,d' }))).toEqual([
      'delete t:a',
      'delete t:b',
      'delete t:c',
      'delete t:d',
    ]);
  });

  it('says of a refresh which keys are gone', () => {
    const { keys } = setup(one(`keys: ["t:{tags | split(',')}"], action: {refresh: {row: [id]}}`));
    expect(keys(row({ tags: 'a,b' }), row({ tags: 'b,c' }))).toEqual([
      'gone t:a {}',
      'present t:b {"id":7}',
      'present t:c {"id":7}',
    ]);
  });

  it('that is empty gives no key, and is not counted as NULL', () => {
    const { keys, evaluator } = setup(one('keys: ["t:{tags[*]}"], action: delete'));
    expect(keys(null, row({ tags: '[]' }))).toEqual([]);
    expect(evaluator.metrics.of('sluice_null_keys_total')).toEqual({});
  });

  it('that is NULL is counted once where an update leaves it alone', () => {
    const { keys, evaluator } = setup(
      one(`keys: ["t:{tags | split(',')}", "n:{name}", "o:{other | split(',')}"], action: delete`),
    );
    expect(keys(row({ tags: null }), row({ tags: null, name: 'x' }))).toHaveLength(4);
    expect(evaluator.metrics.of('sluice_null_keys_total')).toEqual({ 'sluice_null_keys_total r': 1 });
  });

  it('that is NULL is skipped and counted', () => {
    const { keys, evaluator } = setup(lists());
    expect(keys(null, row({ tags: null }))).toEqual([]);
    expect(evaluator.metrics.of('sluice_null_keys_total')).toEqual({ 'sluice_null_keys_total r': 1 });
  });

  it('counts for `columns` by the column it is made of', () => {
    const { keys } = setup(lists(', columns: [name]'));
    expect(keys(row(), row({ other: 'x' }))).toEqual([]);
    expect(keys(row(), row({ tags: 'a' }))).toEqual(['delete t:b', 'delete t:a']);
  });

  it('is partitioned by the image its key came from', () => {
    const { evaluator } = setup(lists(', partition_key: "{name}"'));
    const { invalidations } = evaluator.run([
      makeChange(PRODUCTS, row({ tags: 'a', name: 'x' }), row({ tags: 'b', name: 'y' })),
    ]);
    expect(invalidations.map(({ key, partitionKey }) => [key, partitionKey])).toEqual([
      ['t:a', 'x'],
      ['t:b', 'y'],
    ]);
  });
});

describe('`max_keys`', () => {
  const rules = one(`keys: ["t:{tags | split(',')}", "o:{other | split(',')}"], max_keys: 4, action: delete`);

  it('allows as many keys for a row', () => {
    expect(setup(rules).keys(null, row())).toEqual(['delete t:a', 'delete t:b', 'delete o:1', 'delete o:2']);
  });

  it('makes a dead letter of a row with more, without half of its keys', () => {
    const { evaluator } = setup(rules);
    const { invalidations, letters } = evaluator.run([
      makeChange(PRODUCTS, null, row({ id: 1 })),
      makeChange(PRODUCTS, null, row({ id: 2, other: '1,2,3' })),
    ]);
    expect(invalidations).toHaveLength(4);
    expect(letters.map(({ reason }) => reason)).toEqual(['RULE_TOO_MANY_KEYS: rule `r`: a row gives more than 4 keys']);
  });

  it('is a limit for each image: a row that changes all of its keys is no mistake', () => {
    const { keys, letters } = setup(rules);
    expect(keys(row({ tags: 'a,b', other: '1,2' }), row({ tags: 'c,d', other: '3,4' }))).toHaveLength(8);
    // The before image has too many, though most of them are in the other one as well.
    expect(letters(row({ tags: 'a,b,c' }), row({ tags: 'a,b' }))).toHaveLength(1);
  });

  it('of one does not mind a key that changes', () => {
    const { keys } = setup(one('keys: ["a:{id}"], max_keys: 1, action: delete'));
    expect(keys(row({ id: 1 }), row({ id: 2 }))).toEqual(['delete a:1', 'delete a:2']);
  });

  it('counts templates without lists too', () => {
    const { letters } = setup(one('keys: ["a:{id}", "b:{id}"], max_keys: 1, action: delete'));
    expect(letters(null, row())).toHaveLength(1);
  });
});

describe('a row that a rule cannot be applied to', () => {
  it.each([
    ['RULE_FILTER_FAILED', 'keys: ["p:{name | modulo(3)}"]'],
    ['RULE_KEY_TOO_LONG', 'keys: ["p:{status}"]'],
    ['RULE_FILTER_FAILED', 'keys: ["p:{id}"], partition_key: "{name | modulo(3)}"'],
  ])('is a dead letter by %s: %s', (code, options) => {
    const { evaluator } = setup(one(`${options}, action: delete`));
    const change = makeChange(PRODUCTS, row({ id: 1 }), row({ id: 2, status: 'x'.repeat(20_000) }));
    const { invalidations, letters } = evaluator.run([change]);
    expect(invalidations).toEqual([]);
    expect(letters[0]?.reason).toContain(`${code}: `);
  });

  it('leaves none of its keys behind that were built before the failure', () => {
    const { evaluator } = setup(one('keys: ["p:{id}"], partition_key: "{other | modulo(3)}", action: delete'));
    const change = makeChange(PRODUCTS, row({ id: 1, other: '3' }), row({ id: 2, other: 'none' }));
    const { invalidations, letters } = evaluator.run([makeChange(PRODUCTS, null, row({ other: '3' })), change]);
    expect(invalidations.map(brief)).toEqual(['delete p:7']);
    expect(letters).toHaveLength(1);
  });

  it('is not what a mistake of ours is taken for', () => {
    const { evaluator } = setup(one('keys: ["p:{id}"], action: delete'));
    const table = makeTable('shop', 'products', ['id']);
    const [id] = table.columns;
    if (id !== undefined)
      id.text = () => {
        throw new TypeError('ours');
      };
    expect(() => evaluator.run([makeChange(table, null, { id: 1 })])).toThrow('ours');
  });
});

describe('a key that two values give', () => {
  it('is named once by an update from one to the other', () => {
    const { keys } = setup(one('keys: ["p:{name | lower}"], action: {refresh: {row: [id]}}'));
    expect(keys(row({ name: 'Lamp' }), row({ name: 'LAMP' }))).toEqual(['present p:lamp {"id":7}']);
  });
});

describe('captures of the table expression', () => {
  it('are text of the keys, table by table', () => {
    const { keys } = setup(
      'rules:\n  - {name: r, table: "/shop_(?<shard>\\\\d+)\\\\.orders/", keys: ["s:{$shard}:{@table}:{id}"], action: delete}\n',
    );
    const orders = (database: string): Table => makeTable(database, 'orders', ['id']);
    expect(keys(null, { id: 1 }, orders('shop_3'))).toEqual(['delete s:3:orders:1']);
    expect(keys(null, { id: 1 }, orders('shop_4'))).toEqual(['delete s:4:orders:1']);
    expect(keys(null, { id: 1 }, orders('shop'))).toEqual([]);
  });
});
