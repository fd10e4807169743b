import { describe, expect, it } from 'vitest';
import type { Epochs } from '../../../src/model/position.ts';
import { lossFlush, type GapFlush } from '../../../src/rules/evaluate/gap-flush.ts';
import { brief, TestEvaluator } from '../../support/evaluation.ts';
import { MemoryRowLookup } from '../../support/memory-lookup.ts';
import { rulesOf } from '../../support/rules.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const rules = (...each: string[]): string => `rules:\n${each.map((rule) => `  - {${rule}}\n`).join('')}`;
const gap = (text: string, epochs: Epochs = new Map()): GapFlush =>
  new TestEvaluator(text).evaluator.bridge(
    { version: 99, epochs, coordinates: { file: 'binlog.000009', offset: 4 } },
    1_000,
  );
const keysOf = (text: string, epochs?: Epochs): string[] => gap(text, epochs).invalidations.map(brief);

describe('a gap', () => {
  it('flushes every template of every rule, whatever it says about table changes', () => {
    const text = rules(
      'name: a, table: shop.a, keys: ["a:{id}", "b:{x}:list"], action: delete',
      'name: c, table: shop.a, keys: ["card:{id}"], action: {refresh: {row: true}}, table_changes: ignore, flush_above_rows: never',
      'name: d, table: shop.a, keys: ["d:{id}"], action: delete, table_changes: {drop: {delete: ["d:all"]}}',
    );
    expect(keysOf(text)).toEqual([
      'flush a:* gap *',
      'flush b:*:list gap *',
      'flush card:* gap *',
      'flush d:* gap *',
      'flush d:all gap *',
    ]);
  });

  it('flushes a pattern once that several rules give, and again where one of them deletes again', () => {
    const text = rules(
      'name: a, table: shop.a, keys: ["a:{id}"], action: delete',
      'name: b, table: shop.b, keys: ["a:{x}"], action: {refresh: {row: true}}',
      'name: c, table: shop.c, keys: ["a:{id}"], action: {delete: {again_after: 1s}}',
    );
    const { invalidations } = gap(text);
    expect(invalidations.map((each) => [each.key, 'againAfterMs' in each ? each.againAfterMs : null])).toEqual([
      ['a:*', null],
      ['a:*', 1_000],
    ]);
  });

  it('takes the names of tables that a rule gives in full, and anything for the others', () => {
    expect(keysOf(rules('name: a, table: [shop.a, shop.b], keys: ["{@table}:{id}"], action: delete'))).toEqual([
      'flush a:* gap *',
      'flush b:* gap *',
    ]);
    expect(keysOf(rules('name: a, table: "shop.a*", keys: ["x:{@table}:{id}"], action: delete'))).toEqual([
      'flush x:*:* gap *',
    ]);
  });

  it('raises the epochs that are known or can be named, before it flushes', () => {
    const text = rules(
      'name: a, table: shop.a, keys: ["a:{id}:{@epoch}"], action: delete, table_changes: epoch',
      'name: b, table: "shop.b*", keys: ["b:{id}:{@epoch}"], action: delete',
      'name: c, table: shop.c, keys: ["c:{id}"], action: delete',
    );
    const known = new Map([
      ['shop.b1', 5],
      ['shop.c', 6],
    ]);
    const { invalidations, epochs } = gap(text, known);
    expect(invalidations.map(brief)).toEqual([
      'epoch sluice:epoch:shop.a 99',
      'epoch sluice:epoch:shop.b1 99',
      'flush a:*:* gap *',
      'flush b:*:* gap *',
      'flush c:* gap *',
    ]);
    expect(Object.fromEntries(epochs)).toEqual({ 'shop.a': 99, 'shop.b1': 99, 'shop.c': 6 });
  });

  it('leaves keys alone that nothing tells apart and that were never to be flushed, and names their rules', () => {
    const text = rules(
      'name: wide, table: shop.a, keys: ["p{id}"], action: delete, table_changes: ignore, flush_above_rows: never',
      'name: b, table: shop.b, keys: ["b:{id}"], action: delete',
    );
    expect(keysOf(text)).toEqual(['flush b:* gap *']);
    expect(gap(text).unflushed).toEqual(['wide']);
  });

  it('says where it stands and that nobody knows the rows', () => {
    expect(gap(rules('name: a, table: shop.a, keys: ["a:{id}"], action: delete')).invalidations[0]).toMatchObject({
      action: 'flush',
      version: 99,
      versioned: true,
      origin: { database: '*', table: '*', operation: 'unknown_rows', gtid: null, coordinates: { offset: 4 } },
    });
  });

  it('makes remembered answers of lookups forgotten', async () => {
    const lookup = new MemoryRowLookup(() => [{ name: 'old' }]);
    const text = rules(
      'name: a, table: shop.a, keys: ["a:{lookup.name}"], action: delete, lookup: {query: "SELECT name FROM shop.n WHERE id = :id", tables: [shop.n]}',
    );
    const table = makeTable('shop', 'a', ['id'], { primaryKey: ['id'] });
    const { evaluator } = new TestEvaluator(text, { lookup });
    const read = async (version: number): Promise<string[]> => {
      const batch = {
        changes: [makeChange(table, null, { id: '1' }, version)],
        sizeBytes: 0,
        end: null,
        commitTimeMs: 1,
      };
      const context = { captureTimeMs: 1, epochs: new Map(), signal: new AbortController().signal };
      return (await evaluator.evaluate(batch, context)).invalidations.map(brief);
    };
    expect(await read(1)).toEqual(['delete a:old']);
    lookup.change(() => [{ name: 'new' }]);
    expect(await read(2)).toEqual(['delete a:old']);
    evaluator.bridge({ version: 3, epochs: new Map(), coordinates: { file: 'f', offset: 4 } }, 1);
    expect(await read(4)).toEqual(['delete a:new']);
  });
});

describe('records that a worker has lost', () => {
  it('flush what a gap would, plainly, and raise no epoch: a worker does not know them', () => {
    const text = rules(
      'name: a, table: shop.a, keys: ["a:{id}:{@epoch}"], action: delete, table_changes: epoch',
      'name: c, table: shop.c, keys: ["card:{id}"], action: {refresh: {row: true}}',
      'name: d, table: shop.d, keys: ["d:{id}"], action: {delete: {again_after: 1s}}',
      'name: e, table: shop.e, keys: ["p{id}"], action: delete, table_changes: ignore, flush_above_rows: never',
    );
    const { rules: compiled } = rulesOf(text);
    const { invalidations, unflushed } = lossFlush(compiled, 5, { captureTimeMs: 1_000, ruleSet: 'h' });
    expect(
      invalidations.map(({ key, reason, versioned, againAfterMs }) => [key, reason, versioned, againAfterMs]),
    ).toEqual([
      ['a:*:*', 'gap', false, null],
      ['card:*', 'gap', false, null],
      ['d:*', 'gap', false, 1_000],
    ]);
    expect(unflushed).toEqual(['e']);
  });
});
