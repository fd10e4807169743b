import { describe, expect, it } from 'vitest';
import type { Column, Row } from '../../../src/model/row-change.ts';
import { sameValue } from '../../../src/rules/evaluate/column-reader.ts';
import { encodeDeadLetter } from '../../../src/transport/dead-letter-record.ts';
import { TestEvaluator } from '../../support/evaluation.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const FILES = makeTable('shop', 'files', ['id', 'name', 'data'], { primaryKey: ['id'] });
const MIB = 1024 * 1024;
const row = (bytes: number, more: Row = {}): Row => ({ id: 7, name: 'a', data: Buffer.alloc(bytes), ...more });
const rule = (action: string): string =>
  `rules:\n  - {name: file, table: shop.files, keys: ["f:{id}"], action: ${action}}\n`;

describe('a row too large to travel', () => {
  it('is a delete of its key that leaves its version, and is counted', () => {
    const evaluator = new TestEvaluator(rule('{refresh: {row: [id, data], ttl: 10m}}'));
    expect(evaluator.keys([makeChange(FILES, row(1), row(9 * MIB))])).toEqual(['delete f:7 *']);
    expect(evaluator.keys([makeChange(FILES, null, row(1, { data: 'x'.repeat(17 * MIB) }))])).toEqual(['delete f:7 *']);
    expect(evaluator.metrics.of('sluice_oversized')).toEqual({ 'sluice_oversized_refreshes_total file': 2 });
  });

  it('matters only by the columns that travel', () => {
    const evaluator = new TestEvaluator(rule('{refresh: {row: [id, name], ttl: 10m}}'));
    expect(evaluator.keys([makeChange(FILES, row(1), row(64 * MIB))])).toEqual(['present f:7 {"id":7,"name":"a"}']);
    expect(evaluator.metrics.of('sluice_oversized')).toEqual({});
  });

  it('is a dead letter without its images when a rule cannot be applied to it', () => {
    const columns = FILES.columns.map((column): Column => {
      if (column.name !== 'data') return column;
      const fail = (): never => {
        throw new Error('a text was made of it');
      };
      return { ...column, text: fail, json: fail };
    });
    const table = { ...FILES, columns, columnsByName: new Map(columns.map((column) => [column.name, column])) };
    const evaluator = new TestEvaluator(
      `rules:\n  - {name: f, table: shop.files, keys: ["f:{missing}"], action: delete}\n`,
    );
    const { letters } = evaluator.run([makeChange(table, row(64 * MIB), row(64 * MIB))]);
    expect(letters).toMatchObject([{ item: { kind: 'unmapped', truncated: true, before: null, after: null } }]);
    const [letter] = letters;
    expect(letter && encodeDeadLetter(letter, 0)).toContain('"truncated":true');
  });
});

describe('two images of a column', () => {
  it('are compared without texts of them', () => {
    const column = FILES.columns[2];
    if (column === undefined) throw new Error('no column');
    const mute: Column = { ...column, text: () => expect.fail('a text was made of it') };
    expect(sameValue(mute, row(10), row(10))).toBe(true);
    expect(sameValue(mute, row(10), row(11))).toBe(false);
  });
});
