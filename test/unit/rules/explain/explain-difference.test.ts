import { describe, expect, it } from 'vitest';
import { differenceOf, isSame, type Difference } from '../../../../src/rules/explain/explain-difference.ts';
import { RuleEvaluator } from '../../../../src/rules/evaluate/evaluate.ts';
import { parseExplainedChange } from '../../../../src/rules/testing/explained-change.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { rulesOf } from '../../../support/rules.ts';

const UPDATE = '{table: x.y, update: {before: {id: 1, a: 2}, after: {a: 4}}}';

async function between(before: string, after: string, change = UPDATE): Promise<Difference> {
  const sides = [before, after].map(async (rules) => {
    const ruleSet = rulesOf(`rules: [${rules}]`);
    const { batch, epochs, answers } = parseExplainedChange('--change', change);
    const metrics = { count: () => undefined, set: () => undefined };
    const evaluator = new RuleEvaluator({ ruleSet, metrics, lookup: answers(ruleSet), clock: new FakeClock() });
    const context = { captureTimeMs: 0, epochs, signal: new AbortController().signal };
    return { ruleSet, evaluated: await evaluator.evaluate(batch, context) };
  });
  const [old, now] = await Promise.all(sides);
  if (old === undefined || now === undefined) throw new Error('two sides');
  return differenceOf(old, now);
}

const rule = (name: string, key: string, more = 'action: delete'): string =>
  `{name: ${name}, table: x.y, keys: ['${key}'], ${more}}`;
const keys = ({ added, removed, changed }: Difference): unknown => ({
  added: added.map(({ key }) => key),
  removed: removed.map(({ key }) => key),
  changed: changed.map(({ after, what }) => `${after.key}: ${what.join(', ')}`),
});

describe('what a second rule set does otherwise', () => {
  it('is nothing when it does the same in another order and with other comments', async () => {
    const [one, two] = [rule('r', 'r:{id}'), rule('s', 's:{id}')];
    expect(isSame(await between(`${one}, ${two}`, `${two}, ${one}`))).toBe(true);
  });

  it.each([
    [
      'a key more',
      rule('r', 'r:{id}'),
      `${rule('r', 'r:{id}')}, ${rule('s', 's:{a}')}`,
      { added: ['s:2', 's:4'], removed: [], changed: [] },
    ],
    [
      'a key less',
      `${rule('r', 'r:{id}')}, ${rule('s', 's:{id}')}`,
      rule('s', 's:{id}'),
      { added: [], removed: ['r:1'], changed: [] },
    ],
    ['another key', rule('r', 'r:{id}'), rule('r', 'q:{id}'), { added: ['q:1'], removed: ['r:1'], changed: [] }],
    [
      'the same key twice',
      rule('r', 'r:{id}'),
      `${rule('r', 'r:{id}')}, ${rule('s', 'r:{id}')}`,
      { added: ['r:1'], removed: [], changed: [] },
    ],
    ['another rule', rule('r', 'r:{id}'), rule('s', 'r:{id}'), { added: [], removed: [], changed: ['r:1: rule'] }],
    [
      'another action',
      rule('r', 'r:{id}'),
      rule('r', 'r:{id}', 'action: {refresh: {row: [id]}}'),
      { added: [], removed: [], changed: ['r:1: action'] },
    ],
    [
      'another partition key',
      rule('r', 'r:{id}'),
      rule('r', 'r:{id}', "action: delete, partition_key: '{a}'"),
      { added: [], removed: [], changed: ['r:1: partition_key'] },
    ],
    [
      'other columns and another ttl of a refresh',
      rule('r', 'r:{id}', 'action: {refresh: {row: [id]}}'),
      rule('r', 'r:{id}', 'action: {refresh: {row: [id, a], ttl: 1m}}'),
      { added: [], removed: [], changed: ['r:1: row, plan'] },
    ],
  ])('%s', async (_title, before, after, expected) => {
    const difference = await between(before, after);
    expect(keys(difference)).toEqual(expected);
    expect(isSame(difference)).toBe(false);
  });

  it('a dead letter more', async () => {
    const difference = await between(rule('r', 'r:{id}'), `${rule('r', 'r:{id}')}, ${rule('s', 's:{gone}')}`);
    expect(difference.addedLetters).toHaveLength(1);
    expect(difference.removedLetters).toEqual([]);
    expect(isSame({ ...difference, added: [] })).toBe(false);
  });
});
