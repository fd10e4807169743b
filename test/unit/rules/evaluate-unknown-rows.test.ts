import { expect, it } from 'vitest';
import { TestEvaluator } from '../../support/evaluation.ts';
import type { TableChange } from '../../../src/model/row-change.ts';

const change = (database: string | null, table: string | null): TableChange => ({
  kind: 'table',
  operation: 'unknown_rows',
  database,
  table,
  version: 5,
  transaction: { gtid: null, commitTimeUs: 5, begin: { file: 'binlog.000001', offset: 4 } },
});

const REACTIONS = ['ignore', 'flush', 'epoch', "{delete: ['all']}"];

it.each(REACTIONS)(
  'rows that nobody can name flush the keys of their rules, though table changes say %s',
  (reaction) => {
    const key = reaction === 'epoch' ? 'order:{@epoch}:{id}' : 'order:{id}';
    const text = `rules:
  - {name: r, table: shop.orders, keys: ["${key}"], action: delete, table_changes: {truncate: ${reaction}, drop: ${reaction}, rename: ${reaction}, alter: ${reaction}}}
  - {name: s, table: /other\\.o.*/, keys: ["o:{id}"], action: {refresh: {row: true}}, table_changes: {truncate: ignore, drop: ignore, rename: ignore, alter: ignore}}
`;
    const keysOf = (database: string | null, table: string | null): string[] =>
      new TestEvaluator(text).keys([change(database, table)]);
    const [ours] = keysOf('shop', 'orders');
    expect(ours).toMatch(/^flush order:.* unknown_rows/);
    expect(keysOf(null, null)).toEqual([ours?.replace(/ \S*$/, ' *') ?? '', 'flush o:* unknown_rows *']);
    expect(keysOf('shop', 'elsewhere')).toEqual([]);
  },
);
