import { describe, expect, it } from 'vitest';
import { compare, nearMisses } from '../../../../src/rules/testing/compare.ts';
import type { Expectation, Outcome } from '../../../../src/rules/testing/outcomes.ts';

const expected = (subject: string, more: Partial<Expectation> = {}): Expectation => ({
  action: 'delete',
  subject,
  rule: null,
  partitionKey: null,
  againAfterMs: null,
  row: null,
  reason: null,
  ...more,
});
const outcome = (subject: string, more: Partial<Outcome> = {}): Outcome => ({
  action: 'delete',
  subject,
  rule: 'r',
  partitionKey: subject,
  againAfterMs: null,
  row: null,
  reason: null,
  ...more,
});
const subjects = (list: readonly { subject: string }[]): string[] => list.map(({ subject }) => subject);

describe('expectations against what happened', () => {
  it('fit in any order', () => {
    expect(compare([expected('a'), expected('b')], [outcome('b'), outcome('a')])).toEqual({
      missing: [],
      unexpected: [],
    });
  });

  it('are counted: what happens twice must be expected twice', () => {
    const { missing, unexpected } = compare([expected('a')], [outcome('a'), outcome('a')]);
    expect([missing, subjects(unexpected)]).toEqual([[], ['a']]);
    expect(subjects(compare([expected('a'), expected('a')], [outcome('a')]).missing)).toEqual(['a']);
  });

  it('leave to a precise expectation the outcome that only it can take', () => {
    const outcomes = [outcome('a', { rule: 'one' }), outcome('a', { rule: 'two' })];
    expect(compare([expected('a'), expected('a', { rule: 'one' })], outcomes)).toEqual({ missing: [], unexpected: [] });
    const three = [expected('a'), expected('a', { rule: 'two' }), expected('a', { rule: 'one' })];
    expect(compare(three, [...outcomes, outcome('a', { rule: 'three' })])).toEqual({ missing: [], unexpected: [] });
  });

  it.each([
    ['rule', { rule: 'other' }],
    ['partition key', { partitionKey: 'other' }],
    ['row', { row: { id: 8 } }],
    ['reason', { reason: 'other' }],
  ])('do not fit when the %s is another', (_title, more) => {
    const real = outcome('a', { row: { state: 'present', columns: { id: 7 } }, reason: 'X_Y: why' });
    expect(compare([expected('a', more)], [real]).missing).toHaveLength(1);
  });

  it('fit a row by the texts of its values, and a reason by a part of it', () => {
    const real = outcome('a', { row: { state: 'present', columns: { id: 7, tags: [1] } }, reason: 'X_Y: why' });
    expect(compare([expected('a', { row: { tags: ['1'], id: '7' }, reason: 'X_Y' })], [real]).missing).toEqual([]);
    expect(compare([expected('a', { row: 'gone' })], [real]).missing).toHaveLength(1);
    const gone = outcome('a', { row: { state: 'gone', columns: {} } });
    expect(compare([expected('a', { row: 'gone' })], [gone]).missing).toEqual([]);
    expect(compare([expected('a', { row: {} })], [gone]).missing).toHaveLength(1);
  });
});

describe('the hint for what is missing', () => {
  it.each([
    ['the same key otherwise', expected('a'), outcome('a', { action: 'refresh' }), ['it is refreshed, not deleted']],
    [
      'the same but for its partition key',
      expected('a', { partitionKey: 'p' }),
      outcome('a'),
      ['it happens, but with partition_key a'],
    ],
    ['another key of the same rule', expected('a', { rule: 'r' }), outcome('b'), ['rule r gives delete b']],
    ['nothing near', expected('a'), outcome('b'), []],
  ])('names %s', (_title, missing, unexpected, hints) => {
    expect(nearMisses(missing, { missing: [missing], unexpected: [unexpected] })).toEqual(hints);
  });
});
