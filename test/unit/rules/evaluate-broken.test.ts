import { describe, expect, it } from 'vitest';
import type { Row, Table } from '../../../src/model/row-change.ts';
import { BrokenRules } from '../../../src/rules/evaluate/broken-rules.ts';
import { brief, makeTableChange, makeTransaction, TestEvaluator } from '../../support/evaluation.ts';
import { rulesOf } from '../../support/rules.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const RULES = `rules:
  - {name: r, table: shop.t, keys: ["r:{id}:{sku}"], action: delete}
  - {name: ok, table: shop.t, keys: ["ok:{id}"], action: delete}
`;
const WITHOUT = makeTable('shop', 't', ['id', 'name'], { primaryKey: ['id'] });
const WITH = makeTable('shop', 't', ['id', 'sku'], { primaryKey: ['id'] });
const insert = (id: number, table: Table = WITHOUT) =>
  makeChange(table, null, { id, name: 'n', sku: 's', ...({} as Row) }, id);

describe('a rule that needs a column its table does not have', () => {
  it('gives dead letters and one flush of its keys, while other rules go on', () => {
    const { invalidations, letters } = new TestEvaluator(RULES).run([insert(1), insert(2)]);
    expect(invalidations.map(brief)).toEqual(['delete ok:1', 'flush r:*:* column_missing *', 'delete ok:2']);
    expect(letters.map(({ item }) => item.kind === 'unmapped' && item.after)).toEqual([
      { id: 1, name: 'n' },
      { id: 2, name: 'n' },
    ]);
    expect(letters[0]?.reason).toBe('RULE_COLUMN_MISSING: rule `r` needs column `sku`, but shop.t has: id, name');
    expect(invalidations[1]).toMatchObject({ version: 1, partitionKey: 'r', origin: { primaryKey: null } });
  });

  it('is named by the gauge and by readiness until a definition comes that fits', () => {
    const { run, metrics, broken } = bound(new TestEvaluator(RULES));
    run([insert(1)]);
    expect(metrics.of('sluice_rule_broken')).toEqual({ 'sluice_rule_broken r': 1 });
    expect(broken.reasons()).toEqual(['rule r: table shop.t has no column sku; its rows go to the dead letters']);
    const { invalidations } = run([insert(2, WITH)]);
    expect(invalidations.map(brief)).toEqual(['delete r:2:s', 'delete ok:2']);
    expect(metrics.of('sluice_rule_broken')).toEqual({});
    expect(broken.reasons()).toEqual([]);
  });

  it('is flushed again for another definition, not for the same one in another object', () => {
    const { run } = bound(new TestEvaluator(RULES));
    const flushes = (table: Table): number =>
      run([insert(1, table)]).invalidations.filter(({ action }) => action === 'flush').length;
    const again = makeTable('shop', 't', ['id', 'name']);
    const third = makeTable('shop', 't', ['id', 'name', 'more']);
    expect([WITHOUT, again, third, WITH, WITHOUT].map(flushes)).toEqual([1, 0, 1, 0, 1]);
  });

  it('is forgotten when the table is dropped or renamed away', () => {
    for (const change of [
      makeTableChange('drop', 'shop', 't'),
      makeTableChange('drop', 'shop', null),
      { ...makeTableChange('drop', 'shop', null), database: null },
      makeTableChange('rename', 'shop', 't'),
    ]) {
      const { run, broken } = bound(new TestEvaluator(RULES));
      run([insert(1)]);
      run([makeTableChange('drop', 'shop', 'other'), makeTableChange('alter', 'shop', 't')]);
      expect(broken.reasons()).toHaveLength(1);
      run([change]);
      expect(broken.reasons()).toEqual([]);
    }
  });

  it.each([
    ['columns', 'columns: [sku]'],
    ['when', `when: "after.sku == 'x'"`],
    ['partition_key', 'partition_key: "{sku}"'],
    ['lookup', 'lookup: {query: "SELECT a FROM b WHERE c = :sku", tables: [shop.b]}'],
  ])('is one also if only %s needs it', (_, options) => {
    const key = options.startsWith('lookup') ? 'r:{lookup.a}' : 'r:{id}';
    const { invalidations, letters } = new TestEvaluator(
      `rules:\n  - {name: r, table: shop.t, keys: ["${key}"], action: delete, ${options}}\n`,
    ).run([insert(1)]);
    expect(letters[0]?.reason).toContain('needs column `sku`');
    expect(invalidations.map(brief)).toEqual(['flush r:* column_missing *']);
  });

  it('is none for the operations that do not need it', () => {
    const text =
      'rules:\n  - {name: r, table: shop.t, keys: ["r:{id}"], on: {insert: delete, update: {refresh: {row: [sku]}}}}\n';
    const evaluator = new TestEvaluator(text);
    expect(evaluator.keys([insert(1)])).toEqual(['delete r:1 *']);
    const { letters } = evaluator.run([makeChange(WITHOUT, { id: 1, name: 'a' }, { id: 1, name: 'b' })]);
    expect(letters).toHaveLength(1);
  });

  it('collapses as well: the flush covers the rows that are no dead letters any more', () => {
    const transaction = makeTransaction();
    const { invalidations, letters } = new TestEvaluator(RULES.replace('action', 'flush_above_rows: 2, action')).run(
      [1, 2, 3, 4].map((id) => ({ ...insert(id), transaction })),
    );
    expect(letters).toHaveLength(2);
    expect(invalidations.at(-1)).toMatchObject({ action: 'flush', reason: 'large_transaction', version: 4, rule: 'r' });
  });
});

describe('what is known of broken rules', () => {
  it('belongs to a pipeline until its rules are others', () => {
    const gauges = new Map<string, number>();
    const broken = new BrokenRules({ set: (_, labels, value) => void gauges.set(Object.values(labels).join(), value) });
    const ruleSet = rulesOf(RULES);
    const [a, b] = [broken.begin('a', ruleSet), broken.begin('b', ruleSet)];
    a.add('r', WITHOUT, ['sku', 'name']);
    b.add('r', WITHOUT, ['sku', 'name']);
    expect(broken.reasons()).toEqual([
      'rule r: table shop.t has no columns sku, name; its rows go to the dead letters',
    ]);
    a.fits('r', WITH);
    expect(gauges.get('r')).toBe(1);
    broken.begin('b', rulesOf('rules:\n  - {name: x, table: shop.t, keys: ["x:{id}"], action: delete}\n'));
    expect([...gauges]).toEqual([
      ['r', 0],
      ['ok', 0],
      ['x', 0],
    ]);
    expect(broken.reasons()).toEqual([]);
  });
});

function bound(evaluator: TestEvaluator) {
  const { metrics, broken } = evaluator;
  return { metrics, broken, run: evaluator.run.bind(evaluator) };
}
