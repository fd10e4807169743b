import { describe, expect, it } from 'vitest';
import type { ChangeBatch } from '../../../../src/model/row-change.ts';
import { NO_EPOCHS } from '../../../../src/model/position.ts';
import { RuleEvaluator } from '../../../../src/rules/evaluate/evaluate.ts';
import { Explainer, type ChangeExplanation } from '../../../../src/rules/explain/explain.ts';
import { parseExplainedChange } from '../../../../src/rules/testing/explained-change.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { rulesOf } from '../../../support/rules.ts';

const NO_METRICS = { count: () => undefined, set: () => undefined };

/** Every rule about the table with its verdict, as `kind: reason`, and the keys it gave. */
async function explain(rules: string, change: string): Promise<Record<string, string>> {
  const [explanation] = await explainAll(rules, change);
  return verdicts(explanation);
}

async function explainAll(rules: string, change: string): Promise<ChangeExplanation[]> {
  const ruleSet = rulesOf(`rules:\n${rules}`);
  const { batch, epochs, answers } = parseExplainedChange('--change', change);
  const lookup = answers(ruleSet);
  const evaluator = new RuleEvaluator({ ruleSet, metrics: NO_METRICS, lookup, clock: new FakeClock() });
  const context = { captureTimeMs: 0, epochs, signal: new AbortController().signal };
  return new Explainer(ruleSet).explain(batch, await evaluator.evaluate(batch, context));
}

function verdicts(explanation: ChangeExplanation | undefined): Record<string, string> {
  return Object.fromEntries(
    (explanation?.rules ?? []).map(({ rule, verdict, invalidations }) => [
      rule,
      [`${verdict.kind}: ${verdict.reason}`, ...invalidations.map(({ action, key }) => `${action} ${key}`)].join(' | '),
    ]),
  );
}

const rule = (name: string, more = ''): string =>
  `  - {name: ${name}, table: x.y, keys: ['${name}:{id}'], action: delete${more === '' ? '' : `, ${more}`}}\n`;
const UPDATE = '{table: x.y, update: {before: {id: 1, a: 2, b: 3}, after: {a: 4}}}';

describe('why a rule acted', () => {
  it('is what was changed', async () => {
    expect(await explain(rule('r'), '{table: x.y, insert: {id: 1}}')).toEqual({
      r: 'matched: a row was inserted | delete r:1',
    });
    expect(await explain(rule('r'), '{table: x.y, delete: {id: 1}}')).toEqual({
      r: 'matched: a row was deleted | delete r:1',
    });
    expect(await explain(rule('r') + rule('s', 'columns: [A, b]'), UPDATE)).toEqual({
      r: 'matched: `a` changed | delete r:1',
      s: 'matched: `a` changed | delete s:1',
    });
    expect(await explain(rule('r'), '{table: x.y, truncate: true}')).toEqual({
      r: 'matched: truncate of the table | flush r:*',
    });
  });

  it('is said for every rule on its own, and rules about other tables are counted', async () => {
    const [explanation] = await explainAll(rule('r') + rule('s').replace('x.y', 'x.z'), UPDATE);
    expect(explanation?.rules.map(({ rule: name }) => name)).toEqual(['r']);
    expect(explanation?.otherRules).toBe(1);
  });
});

describe('why a rule did not act', () => {
  it.each([
    ['on: [insert, delete]', UPDATE, 'operation: `on` is insert, delete, and not update'],
    ['columns: [b]', UPDATE, 'columns: none of its columns changed: b, id'],
    ['when: after.a == 5', UPDATE, 'condition: `when` is false: after.a == 5'],
    ['table_changes: ignore', '{table: x.y, alter: true}', 'ignore: `table_changes` ignores alter'],
    ['', '{table: x.y, insert: {id: null}}', 'null: `id` of its keys is NULL, without `null_as`'],
  ])('%s', async (more, change, reason) => {
    expect(await explain(rule('r', more), change)).toEqual({ r: reason });
  });

  it('names of the NULLs only those that nothing stands for', async () => {
    const keys = '  - {name: r, table: x.y, keys: [\'r:{a | default("none")}:{id}\'], action: delete}\n';
    expect(await explain(keys, '{table: x.y, insert: {id: null, a: null}}')).toEqual({
      r: 'null: `id` of its keys is NULL, without `null_as`',
    });
  });

  it('an empty list, or a lookup that finds nothing', async () => {
    const list = "  - {name: r, table: x.y, keys: ['t:{tags[*]}'], action: delete}\n";
    const change = '{tables: {x.y: {columns: {tags: json}}}, change: {table: x.y, insert: {tags: []}}}';
    expect(await explain(list, change)).toEqual({ r: 'no_key: its keys come from a list, which is empty' });
    const lookup =
      "  - {name: r, table: x.y, lookup: {query: 'SELECT c FROM z WHERE id = :id', tables: [x.z]}, keys: ['t:{lookup.c}'], action: delete}\n";
    const unknown = '{lookups: {r: [{parameters: {id: 1}, rows: []}]}, change: {table: x.y, insert: {id: 1}}}';
    expect(await explain(lookup, unknown)).toEqual({ r: 'no_key: the lookup found nothing' });
  });

  it('a column that is missing', async () => {
    const found = await explain(rule('r', 'columns: [gone]'), UPDATE);
    expect(found['r']).toMatch(/^dead_letter: .*RULE_COLUMN_MISSING.*`gone`.* \| flush r:\*$/);
  });

  it('a transaction that became one flush', async () => {
    const insert = (id: number): string => `{table: x.y, insert: {id: ${id}}}`;
    const change = `{transaction: [${[1, 2, 3, 4].map(insert).join(', ')}]}`;
    const explained = await explainAll(rule('r', 'flush_above_rows: 2'), change);
    const reason = 'more than 2 rows in the transaction (`flush_above_rows`): one flush for the rest';
    expect(explained.map((each) => verdicts(each)['r'])).toEqual([
      'matched: a row was inserted | delete r:1',
      'matched: a row was inserted | delete r:2',
      `collapsed: ${reason}`,
      `collapsed: ${reason} | flush r:*`,
    ]);
  });

  it('another rule that raises the epoch', async () => {
    const both = ['r', 's'].map((name) =>
      rule(name, 'table_changes: epoch').replace(`${name}:{id}`, `${name}:{@epoch}:{id}`),
    );
    expect(await explain(both.join(''), '{table: x.y, truncate: true}')).toEqual({
      r: 'matched: truncate of the table | epoch sluice:epoch:x.y',
      s: 'no_key: another rule raises the epoch of the table',
    });
  });

  it('of a database that was dropped only the rules that acted are told', async () => {
    const [explanation] = await explainAll(rule('r') + rule('s').replace('x.y', 'z.y'), '{database: x, drop: true}');
    expect(verdicts(explanation)).toEqual({ r: 'matched: drop of the table | flush r:*' });
    expect(explanation?.otherRules).toBe(1);
  });
});

it('leaves out no invalidation, even of a version that no change of the batch has', () => {
  const ruleSet = rulesOf(`rules:\n${rule('r')}`);
  const { batch } = parseExplainedChange('--change', UPDATE);
  const evaluator = new RuleEvaluator({ ruleSet, metrics: NO_METRICS, lookup: null, clock: new FakeClock() });
  const context = { captureTimeMs: 0, epochs: NO_EPOCHS, signal: new AbortController().signal };
  const evaluation = evaluator.evaluate(batch, context);
  if (evaluation instanceof Promise) throw new Error('no lookup, no promise');
  const invalidations = evaluation.invalidations.map((each) => ({ ...each, version: 99 }));
  const [explanation] = new Explainer(ruleSet).explain(batch satisfies ChangeBatch, { invalidations, letters: [] });
  const last = explanation?.rules.at(-1);
  expect(last).toMatchObject({ rule: 'r', verdict: { kind: 'collapsed' }, invalidations });
});
