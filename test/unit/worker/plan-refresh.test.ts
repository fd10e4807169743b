import { describe, expect, it } from 'vitest';
import { jittered, planRefresh, removal, storeRows } from '../../../src/worker/plan-refresh.ts';
import { ORIGIN, planOf, refreshOf } from '../../support/invalidations.ts';

const middle = () => 0.5;
const query = { kind: 'query', sql: 'SELECT name FROM products WHERE id = ?', parameters: ['id'] } as const;

describe('a refresh from the row image', () => {
  it('stores the row as JSON, with numbers and NULL as they are', () => {
    const row = { id: 1, name: 'Kettle', price: '12.50', note: null, tags: ['a', { b: 1 }] };
    expect(planRefresh(refreshOf('card:1', 7, row), planOf(), middle)).toEqual({
      kind: 'command',
      command: { kind: 'set', key: 'card:1', version: 7, value: JSON.stringify(row), ttlMs: 600_000 },
    });
  });

  it('stores the row as a hash of texts, without fields for NULL', () => {
    const row = { id: 1, name: 'Kettle', sold: false, note: null, tags: ['a', 1], empty: '' };
    expect(planRefresh(refreshOf('card:1', 7, row), planOf({ store: 'hash', ttlMs: null }), middle)).toEqual({
      kind: 'command',
      command: {
        kind: 'set',
        key: 'card:1',
        version: 7,
        value: { id: '1', name: 'Kettle', sold: 'false', tags: '["a",1]', empty: '' },
        ttlMs: null,
      },
    });
  });

  it('deletes the key of a row that is gone, and leaves the version', () => {
    const gone = refreshOf('card:1', 7, null);
    expect(planRefresh(gone, planOf(), middle)).toEqual({ kind: 'command', command: removal(gone) });
    expect(removal(gone)).toEqual({ kind: 'delete', key: 'card:1', version: 7, versioned: true });
  });

  it('stores the empty marker of a row that is gone, with its own TTL and in the kind of the rule', () => {
    const empty = { value: 'none', ttlMs: 30_000 };
    const set = { kind: 'set', key: 'card:1', version: 7, ttlMs: 30_000 };
    const deleted = refreshOf('card:1', 7, null, { origin: { ...ORIGIN, operation: 'delete' } });
    expect(planRefresh(deleted, planOf({ empty }), middle)).toEqual({
      kind: 'command',
      command: { ...set, value: 'none' },
    });
    expect(planRefresh(deleted, planOf({ empty, store: 'hash' }), middle)).toEqual({
      kind: 'command',
      command: { ...set, value: { 'sluice:empty': 'none' } },
    });
  });

  it('deletes the old key of a row that moved: another row may have it, so the marker would lie', () => {
    const moved = refreshOf('card:1', 7, null, { origin: { ...ORIGIN, operation: 'update' } });
    expect(planRefresh(moved, planOf({ empty: { value: 'none', ttlMs: 30_000 } }), middle)).toEqual({
      kind: 'command',
      command: { kind: 'delete', key: 'card:1', version: 7, versioned: true },
    });
  });
});

describe('a refresh by query', () => {
  it('asks with the values of the record, also when the row is gone', () => {
    const plan = planOf({ from: { ...query, parameters: ['id', 'note', 'id'] } });
    const expected = { kind: 'query', sql: query.sql, parameters: [1, null, 1] };
    const columns = { id: 1, note: null };
    expect(planRefresh(refreshOf('card:1', 7, columns), plan, middle)).toEqual(expected);
    const gone = refreshOf('card:1', 7, null, { row: { state: 'gone', columns } });
    expect(planRefresh(gone, plan, middle)).toEqual(expected);
  });

  it('is impossible when the record lacks a parameter', () => {
    expect(planRefresh(refreshOf('card:1', 7, { name: 'x' }), planOf({ from: query }), middle)).toEqual({
      kind: 'impossible',
      reason: expect.stringContaining('lacks column id') as string,
    });
  });

  it('stores one row, takes none as gone, and refuses two', () => {
    const invalidation = refreshOf('card:1', 7, { id: 1 });
    const plan = planOf({ from: query });
    expect(storeRows(invalidation, plan, [{ name: 'Kettle' }], middle)).toMatchObject({
      command: { kind: 'set', value: '{"name":"Kettle"}' },
    });
    expect(storeRows(invalidation, plan, [], middle)).toEqual({ kind: 'command', command: removal(invalidation) });
    expect(storeRows(invalidation, plan, [{ name: 'a' }, { name: 'b' }], middle)).toEqual({
      kind: 'impossible',
      reason: 'the query of rule card gave 2 rows instead of one',
    });
  });
});

describe('jitter', () => {
  it('spreads a TTL evenly to both sides, in whole milliseconds', () => {
    const spread = [0, 0.25, 0.5, 0.75, 0.9999999].map((random) => jittered(1_001, 0.1, () => random));
    expect(spread).toEqual([901, 951, 1_001, 1_051, 1_101]);
  });

  it('changes nothing without jitter or without TTL, and never gives 0', () => {
    expect(jittered(1_000, 0, () => 0.99)).toBe(1_000);
    expect(jittered(null, 0.5, middle)).toBeNull();
    expect(jittered(1, 1, () => 0)).toBe(1);
  });
});
