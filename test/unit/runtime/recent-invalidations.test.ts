import { describe, expect, it } from 'vitest';
import type { DeleteInvalidation } from '../../../src/model/invalidation.ts';
import { LoggedTransaction } from '../../../src/model/logged-transaction.ts';
import type { Column, JsonValue, Operation } from '../../../src/model/row-change.ts';
import { RowOrigin } from '../../../src/model/row-origin.ts';
import { RecentInvalidations } from '../../../src/runtime/recent-invalidations.ts';
import { RecordDecoder } from '../../../src/transport/record-decoder.ts';
import { encodeRecord } from '../../../src/transport/record-encoder.ts';
import { deleteOf, ORIGIN, plain, refreshOf } from '../../support/invalidations.ts';

describe('the newest invalidations', () => {
  it('are remembered up to their number, in their order', () => {
    const recent = new RecentInvalidations(3);
    for (let version = 1; version <= 5; version++) recent.add(deleteOf(`key:${version}`, version));
    expect(recent.all().map(({ version }) => version)).toEqual([3, 4, 5]);
  });

  it('are fewer when they are large, and many again when they are not', () => {
    const recent = new RecentInvalidations(10_000);
    for (let version = 1; version <= 5_000; version++)
      recent.add(deleteOf(`${version}:${'k'.repeat(16_000)}`, version));
    expect(recent.all().length).toBeGreaterThan(400);
    expect(recent.all().length).toBeLessThan(600);
    expect(recent.all().at(-1)?.version).toBe(5_000);
    for (let version = 5_001; version <= 20_000; version++) recent.add(deleteOf('k', version));
    expect(recent.all()).toHaveLength(10_000);
  });

  it('says of a row out of the log what was said when it was applied, and takes nothing from its neighbour', () => {
    const recent = new RecentInvalidations(10_000);
    const changed = Object.entries(OTHER).map(([name, value]) => ({ ...USUAL, [name]: value }));
    // Each difference alone, between two that have none.
    const deletes = changed.flatMap((facts, index) => [deleteOfRow(USUAL, index), deleteOfRow(facts, index + 0.5)]);
    const all = Array.from({ length: 2_500 }, () => deletes)
      .flat()
      .slice(0, 2_500);
    for (const each of all) recent.add(each);
    expect(recent.all().map(told)).toEqual(all.map(told));
  });

  it('says the same of what came out of a topic, and holds on to no record', () => {
    const decoder = new RecordDecoder();
    const recent = new RecentInvalidations(10_000);
    const all = Array.from({ length: 2_500 }, (_, id) => {
      const more = { versioned: id % 3 === 0, againAfterMs: id % 5 === 0 ? 1_000 : null, rule: `rule ${id % 7}` };
      const partitionKey = id % 11 === 0 ? 'another' : `key:${id}`;
      const origin = { ...ORIGIN, primaryKey: { id } };
      if (id % 13 === 0) return refreshOf(`key:${id}`, id, { id }, { origin });
      return deleteOf(`key:${id}`, id, { ...more, partitionKey, origin });
    });
    const values: Buffer[] = [];
    for (const each of all) {
      const value = Buffer.from(encodeRecord(each));
      const item = decoder.decode({ key: Buffer.from(each.partitionKey), value }, 'topic/0@0');
      if (item.kind !== 'invalidation') throw new Error(item.reason);
      recent.add(item.invalidation);
      values.push(value);
    }
    // Whoever had kept a part of it would now say something else.
    for (const value of values) value.fill('x');
    expect(recent.all().map(plain)).toEqual(all);
  });

  it('counts the text of origins out of a topic', () => {
    const decoder = new RecordDecoder();
    const recent = new RecentInvalidations(100_000);
    const value = Buffer.from(
      encodeRecord(deleteOf('k', 1, { origin: { ...ORIGIN, primaryKey: { id: 'x'.repeat(500) } } })),
    );
    for (let index = 0; index < 40_000; index++) {
      const item = decoder.decode({ key: Buffer.from('k'), value }, 'topic/0@0');
      if (item.kind === 'invalidation') recent.add(item.invalidation);
    }
    expect(recent.all().length).toBeGreaterThan(5_000);
    expect(recent.all().length).toBeLessThan(13_000);
  });

  it('counts the values of primary keys, as they may be long', () => {
    const recent = new RecentInvalidations(10_000);
    const large = { ...USUAL, keyColumns: [id, shop], keyValue: ['x'.repeat(8_000), 'y'.repeat(8_000)] };
    for (let index = 0; index < 2_000; index++) recent.add(deleteOfRow(large, index));
    expect(recent.all().length).toBeLessThan(600);
  });
});

const id: Column = { name: 'id', type: 'int', text: String, json: (value) => value as JsonValue };
const shop: Column = { ...id, name: 'shop' };

const USUAL = {
  rule: 'a',
  versioned: false,
  againAfterMs: null as number | null,
  operation: 'update' as Operation,
  place: { database: 'shop', table: 'products' },
  context: { captureTimeMs: 1_700_000_000_123, ruleSet: 'hash' },
  keyColumns: [id] as readonly Column[] | null,
  keyValue: 7 as JsonValue,
  source: '3e11fa47-71ca-11e1-9e33-c80aa9429562',
  number: 4_000_000_000 as number | bigint,
  file: 'binlog.000001',
  partitionKey: null as string | null,
};

const OTHER = {
  rule: 'b',
  versioned: true,
  againAfterMs: 500,
  operation: 'insert',
  place: { database: 'shop', table: 'orders' },
  context: { captureTimeMs: 1_700_000_000_124, ruleSet: 'hash' },
  keyColumns: [{ ...id, name: 'number' }],
  keyValue: 'seven',
  source: '4e11fa47-71ca-11e1-9e33-c80aa9429562',
  number: 2n ** 60n,
  file: 'binlog.000002',
  partitionKey: 'other',
};

function deleteOfRow(facts: typeof USUAL, index: number): DeleteInvalidation {
  const { rule, versioned, againAfterMs, operation, place, context, keyColumns, keyValue, source, number, file } =
    facts;
  const transaction = new LoggedTransaction(source, number, 1.7e15 + index * 4, file, 5e9 + index * 2);
  const origin = new RowOrigin(operation, transaction, place, context, keyColumns, keyValue);
  const key = `row:${index}`;
  const partitionKey = facts.partitionKey ?? key;
  return { action: 'delete', key, partitionKey, version: 1.6e15 + index * 4, rule, origin, versioned, againAfterMs };
}

/** Everything that `tail` shows. */
function told({ origin, ...rest }: ReturnType<RecentInvalidations['all']>[number]) {
  const { database, table, operation, ruleSet, primaryKey, gtid, coordinates, commitTimeMs, captureTimeMs } = origin;
  return { ...rest, database, table, operation, ruleSet, primaryKey, gtid, coordinates, commitTimeMs, captureTimeMs };
}
