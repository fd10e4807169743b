import { describe, expect, it } from 'vitest';
import type { TableOperation } from '../../../src/model/row-change.ts';
import { againAfterOf } from '../../../src/model/invalidation.ts';
import { brief, makeTableChange, TestEvaluator } from '../../support/evaluation.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const ORDERS = makeTable('shop', 'orders', ['id', 'customer'], { primaryKey: ['id'] });
const rule = (options: string, table = 'shop.orders'): string =>
  `  - {name: ${options.slice(0, 1)}, table: ${table}, action: delete, ${options.slice(2)}}\n`;
const rules = (...each: string[]): string => `rules:\n${each.join('')}`;
const keysOf = (
  text: string,
  operation: TableOperation,
  database = 'shop',
  table: string | null = 'orders',
): string[] => new TestEvaluator(text).keys([makeTableChange(operation, database, table)]);

describe('a table change', () => {
  it.each(['truncate', 'drop', 'rename', 'alter'] as const)('%s flushes the keys of a rule by default', (operation) => {
    const text = rules(rule('r keys: ["order:{id}", "customer:{customer}:orders"]'));
    expect(keysOf(text, operation)).toEqual([`flush order:* ${operation} *`, `flush customer:*:orders ${operation} *`]);
  });

  it('flushes a pattern once that several templates give', () => {
    const text = rules(
      rule('r keys: ["order:{id}", "order:{customer}"]'),
      '  - {name: s, table: shop.x, keys: ["order:{customer}"], action: {refresh: {row: true}}}\n',
    );
    expect(keysOf(text, 'truncate')).toEqual(['flush order:* truncate *']);
  });

  it('is done again where the rule deletes again, whatever it does', () => {
    const again = '{name: a, table: shop.orders, keys: ["a:{id}"], action: {delete: {again_after: 1s}}';
    const text = rules(`  - ${again}, table_changes: {drop: {delete: ['a:all']}}}\n`);
    const timesOf = (...changes: Parameters<TestEvaluator['run']>) =>
      new TestEvaluator(text).run(...changes).invalidations.map((each) => [each.action, againAfterOf(each)]);
    expect(timesOf([makeTableChange('truncate', 'shop', 'orders')])).toEqual([['flush', 1_000]]);
    expect(timesOf([makeTableChange('drop', 'shop', 'orders')])).toEqual([['delete', 1_000]]);
    const row = makeChange(ORDERS, null, { id: '1', customer: '2' });
    expect(timesOf([row])).toEqual([['delete', 1_000]]);
  });

  it('does nothing to rules about other tables, and what each rule says to the others', () => {
    const text = rules(
      rule('a keys: ["a:{id}"]', 'shop.products'),
      rule('b keys: ["b:{id}"], table_changes: ignore'),
      rule("c keys: ['c:{id}'], table_changes: {truncate: {delete: ['c:all', '{@table}:all']}}"),
      rule('d keys: ["d:{id}"]', 'shop.ord*'),
    );
    expect(keysOf(text, 'truncate')).toEqual(['delete c:all *', 'delete orders:all *', 'flush d:* truncate *']);
    expect(keysOf(text, 'alter')).toEqual(['flush c:* alter *', 'flush d:* alter *']);
  });

  it('says where it came from', () => {
    const evaluator = new TestEvaluator(rules(rule('r keys: ["order:{id}"]')));
    const { invalidations } = evaluator.run([makeTableChange('rename', 'shop', 'orders', 9)]);
    expect(invalidations[0]).toMatchObject({
      action: 'flush',
      partitionKey: 'r',
      version: 9,
      versioned: true,
      origin: { database: 'shop', table: 'orders', operation: 'rename', primaryKey: null, gtid: 'ddl-9' },
    });
  });

  it('flushes only the keys of its own table where captures tell them apart', () => {
    const text = rules(rule('r keys: ["s:{$1}:{id}"]', '"/shop_(\\\\d+)\\\\.orders/"'));
    expect(keysOf(text, 'drop', 'shop_3')).toEqual(['flush s:3:* drop *']);
    expect(keysOf(text, 'drop', 'shop')).toEqual([]);
  });
});

describe('a whole database that is dropped', () => {
  it('is a table change of every rule that could be about one of its tables', () => {
    const text = rules(
      rule('a keys: ["a:{id}"]'),
      rule('b keys: ["b:{id}"]', 'sh*.orders'),
      rule('c keys: ["c:{id}"]', 'other.orders'),
      rule('d keys: ["d:{$1}:{id}"]', '"/x_(\\\\d+)\\\\.orders/"'),
      rule('e keys: ["e:{id}"]', 'other*.orders'),
    );
    expect(keysOf(text, 'drop', 'shop', null)).toEqual(['flush a:* drop *', 'flush b:* drop *', 'flush d:*:* drop *']);
  });

  it('raises the epoch of the tables a rule names, and flushes where it names none', () => {
    const named = rules(rule('r keys: ["r:{@epoch}:{id}"], table_changes: epoch'));
    expect(keysOf(named, 'drop', 'shop', null)).toEqual(['epoch sluice:epoch:shop.orders 1']);
    const wild = rules(rule('r keys: ["r:{@epoch}:{id}"], table_changes: epoch', 'shop.*'));
    expect(keysOf(wild, 'drop', 'shop', null)).toEqual(['flush r:*:* drop *']);
  });

  it('deletes the keys a rule names, and flushes where they depend on the table', () => {
    const options = "r keys: ['r:{id}'], table_changes: {drop: {delete: ['all:{@table}']}}";
    expect(keysOf(rules(rule(options)), 'drop', 'shop', null)).toEqual(['delete all:orders *']);
    expect(keysOf(rules(rule(options, 'shop.*')), 'drop', 'shop', null)).toEqual(['flush all:* drop *']);
  });

  it('says so in the origin', () => {
    const evaluator = new TestEvaluator(rules(rule('r keys: ["order:{id}"]')));
    const { invalidations } = evaluator.run([makeTableChange('drop', 'shop', null)]);
    expect(invalidations[0]?.origin).toMatchObject({ database: 'shop', table: '*' });
  });
});

describe('a table change whose database cannot be read', () => {
  const of = (text: string, operation: TableOperation): string[] =>
    new TestEvaluator(text).keys([{ ...makeTableChange(operation, 'shop', null), database: null }]);

  it('is about every table that a rule is about', () => {
    const text = rules(rule('a keys: ["a:{id}"]', 'shöp.orders'), rule('b keys: ["b:{@database}:{id}"]', 'sh*.orders'));
    expect(of(text, 'truncate')).toEqual(['flush a:* truncate *', 'flush b:*:* truncate *']);
  });

  it('raises the epochs of the tables that a rule names', () => {
    const text = rules(rule('r keys: ["r:{@epoch}:{id}"], table_changes: epoch'));
    expect(of(text, 'drop')).toEqual(['epoch sluice:epoch:shop.orders 1']);
  });

  it('says so in the origin', () => {
    const change = { ...makeTableChange('drop', 'shop', null), database: null };
    const { invalidations } = new TestEvaluator(rules(rule('r keys: ["order:{id}"]'))).run([change]);
    expect(invalidations[0]?.origin).toMatchObject({ database: '*', table: '*' });
  });
});

describe('the keys that a table change deletes', () => {
  const YEARS = '"/shop_(?<y>\\\\w+)\\\\.p/"';
  const of = (key: string, database: string): string[] =>
    keysOf(
      rules(rule(`r keys: ['r:{$y}:{id}'], table_changes: {alter: {delete: ['${key}', 'all']}}`, YEARS)),
      'alter',
      database,
      'p',
    );

  it('carry the epoch of the table', () => {
    const options =
      "r keys: ['r:{@epoch}:{id}'], table_changes: {truncate: epoch, alter: {delete: ['r:{@epoch}:all']}}";
    const evaluator = new TestEvaluator(rules(rule(options)));
    evaluator.run([makeTableChange('truncate', 'shop', 'orders', 50)]);
    expect(evaluator.keys([makeTableChange('alter', 'shop', 'orders', 60)])).toEqual(['delete r:50:all *']);
  });

  it('raise the epoch if it is not known', () => {
    const options = "r keys: ['r:{@epoch}:{id}'], table_changes: {alter: {delete: ['r:{@epoch}:all']}}";
    const evaluator = new TestEvaluator(rules(rule(options)));
    const alter = makeTableChange('alter', 'shop', 'orders', 60);
    expect(evaluator.keys([alter])).toEqual(['delete r:60:all *', 'epoch sluice:epoch:shop.orders 60']);
    expect(evaluator.keys([{ ...alter, version: 70 }])).toEqual(['delete r:60:all *']);
  });

  it('are a key for each element of a list', () => {
    expect(of('p:{$y | split("_")}', 'shop_a_b')).toEqual(['delete p:a *', 'delete p:b *', 'delete all *']);
  });

  it('are flushed where a filter cannot work on the name', () => {
    expect(of('p:{$y | date("%Y")}:all', 'shop_x')).toEqual(['delete all *', 'flush p:*:all alter *']);
  });
});

describe('an epoch', () => {
  const text = rules(
    rule('r keys: ["r:{@epoch}:{id}"], table_changes: epoch'),
    rule('s keys: ["s:{@epoch}:{id}"], table_changes: epoch'),
  );
  const insert = makeChange(ORDERS, null, { id: 1, customer: 2 });

  it('that is not known is raised by the first row, once, and by a table change again', () => {
    const evaluator = new TestEvaluator(text);
    expect(evaluator.keys([insert, insert, makeTableChange('truncate', 'shop', 'orders', 77), insert])).toEqual([
      'epoch sluice:epoch:shop.orders 1',
      'delete r:1:1',
      'delete s:1:1',
      'delete r:1:1',
      'delete s:1:1',
      'epoch sluice:epoch:shop.orders 77',
      'delete r:77:1',
      'delete s:77:1',
    ]);
    expect(evaluator.epochs).toEqual(new Map([['shop.orders', 77]]));
    expect(evaluator.keys([insert])).toEqual(['delete r:77:1', 'delete s:77:1']);
  });

  it('is raised by one invalidation, however many rules ask for it', () => {
    const evaluator = new TestEvaluator(text);
    const { invalidations } = evaluator.run([makeTableChange('truncate', 'shop', 'orders', 77)]);
    expect(invalidations).toMatchObject([
      {
        action: 'epoch',
        key: 'sluice:epoch:shop.orders',
        partitionKey: 'sluice:epoch:shop.orders',
        version: 77,
        rule: 'r',
      },
    ]);
  });

  it('is taken from what the batch is given', () => {
    const evaluator = new TestEvaluator(text);
    evaluator.keys([insert]);
    evaluator.epochs = new Map([['shop.orders', 5]]);
    expect(evaluator.keys([insert])).toEqual(['delete r:5:1', 'delete s:5:1']);
  });

  it('belongs to one table', () => {
    const evaluator = new TestEvaluator(
      rules(rule('r keys: ["{@table}:{@epoch}:{id}"], table_changes: epoch', 'shop.*')),
    );
    const other = makeChange(makeTable('shop', 'other', ['id']), null, { id: 1 });
    expect(evaluator.keys([makeTableChange('truncate', 'shop', 'orders', 77), insert, other])).toEqual([
      'epoch sluice:epoch:shop.orders 77',
      'delete orders:77:1',
      'epoch sluice:epoch:shop.other 1',
      'delete other:1:1',
    ]);
  });

  it('of one table outlives the raise of another', () => {
    const evaluator = new TestEvaluator(rules(rule('r keys: ["r:{@epoch}:{id}"], table_changes: epoch', 'shop.*')));
    evaluator.run([makeTableChange('truncate', 'shop', 'orders', 5), makeTableChange('truncate', 'shop', 'other', 6)]);
    evaluator.run([makeTableChange('truncate', 'shop', 'other', 7)]);
    expect(evaluator.epochs).toEqual(
      new Map([
        ['shop.orders', 5],
        ['shop.other', 7],
      ]),
    );
  });

  it('is not raised for a rule without it', () => {
    expect(new TestEvaluator(rules(rule('r keys: ["r:{id}"]'))).keys([insert])).toEqual(['delete r:1']);
  });

  it('that only the order of keys depends on is raised too', () => {
    const ordered = new TestEvaluator(rules(rule('r keys: ["r:{id}"], partition_key: "{@epoch}"')));
    const { invalidations } = ordered.run([{ ...insert, version: 30 }]);
    expect(invalidations).toMatchObject([{ action: 'epoch', version: 30 }, { partitionKey: '30' }]);
  });

  it('says which row raised it', () => {
    const { invalidations } = new TestEvaluator(text).run([{ ...insert, version: 30 }]);
    expect(invalidations[0]).toMatchObject({
      action: 'epoch',
      version: 30,
      rule: 'r',
      origin: { database: 'shop', table: 'orders', operation: 'insert', primaryKey: null },
    });
  });

  it('stays the same map while nothing is raised', () => {
    const evaluator = new TestEvaluator(text);
    evaluator.run([insert]);
    const { epochs } = evaluator;
    expect(evaluator.run([insert]).epochs).toBe(epochs);
  });

  it('of a checkpoint is said once more, where a rule has keys with it', () => {
    const evaluator = new TestEvaluator(
      `${text}${rule('t keys: ["t:{id}"]', 'shop.plain')}${rule('u keys: ["u:{@epoch}:{id}"]', '"*.c"')}`,
    );
    const epochs = new Map([
      ['shop.orders', 5],
      ['shop.plain', 6],
      ['shop.gone', 7],
      ['a.b.c', 8],
    ]);
    const restated = evaluator.evaluator.restate(epochs, { file: 'binlog.000007', offset: 4 }, 1000);
    expect(restated.map(brief)).toEqual(['epoch sluice:epoch:shop.orders 5', 'epoch sluice:epoch:a.b.c 8']);
    expect(restated[0]).toMatchObject({
      rule: 'r',
      partitionKey: 'sluice:epoch:shop.orders',
      origin: { table: 'orders', captureTimeMs: 1000 },
    });
  });
});
