import { expect, it } from 'vitest';
import { evaluateBatches, type EvaluatedBatch } from '../../src/explain.ts';
import type { ChangeBatch } from '../../src/model/row-change.ts';
import { Explainer } from '../../src/rules/explain/explain.ts';
import { parseExplainedChange } from '../../src/rules/testing/explained-change.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { rulesOf } from '../support/rules.ts';

const RULES = rulesOf(`
rules:
  - {name: bulk, table: x.bulk, keys: ['bulk:{id}'], action: delete, flush_above_rows: 1}
  - {name: picky, table: x.picky, keys: ['picky:{id}'], action: delete, when: 'after.id / 0 > 0', flush_above_rows: 1}
  - {name: pages, table: x.pages, keys: ['page:{@epoch}:{id}'], action: delete, on: [update], table_changes: epoch}
  - {name: other, table: x.other, keys: ['other:{@epoch}:{id}'], action: delete, table_changes: epoch}
`);

/** A transaction in parts, as a large one comes; the last list ends it. */
function partsOf(...parts: readonly (readonly string[])[]): ChangeBatch[] {
  const { batch } = parseExplainedChange('--change', `{transaction: [${parts.flat().join(', ')}]}`);
  let taken = 0;
  return parts.map((part, index) => {
    const changes = batch.changes.slice(taken, (taken += part.length));
    return { ...batch, changes, end: index === parts.length - 1 ? batch.end : null };
  });
}

async function evaluate(batches: readonly ChangeBatch[]): Promise<EvaluatedBatch[]> {
  const run = { ruleSets: [RULES], lookup: null, clock: new FakeClock(), signal: new AbortController().signal };
  const evaluated: EvaluatedBatch[] = [];
  for await (const each of evaluateBatches(inTurn(batches), run)) evaluated.push(each);
  return evaluated;
}

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

function shown(evaluated: readonly EvaluatedBatch[]): string[] {
  const explainer = new Explainer(RULES);
  return evaluated
    .flatMap(({ batch, evaluations: [evaluation] }) =>
      evaluation === undefined ? [] : explainer.explain(batch, evaluation),
    )
    .map(({ rules }) =>
      rules.map((each) => `${each.verdict.kind} ${each.invalidations.map(({ key }) => key).join()}`).join('; '),
    );
}

const bulk = (id: number): string => `{table: x.bulk, insert: {id: ${id}}}`;
const other = (id: number): string => `{table: x.other, insert: {id: ${id}}}`;

it('shows the flush of a large transaction whose end has no change of its own', async () => {
  const evaluated = await evaluate(partsOf([bulk(1), bulk(2)], [bulk(3)], []));
  expect(evaluated.map(({ batch }) => [batch.changes.length, batch.end !== null])).toEqual([
    [2, false],
    [1, true],
  ]);
  expect(shown(evaluated)).toEqual(['matched bulk:1', 'collapsed ', 'collapsed bulk:*']);
});

it('shows it also when the rows it is for came in an earlier part', async () => {
  const evaluated = await evaluate(partsOf([bulk(1), bulk(2)], [other(1)]));
  expect(shown(evaluated)).toEqual([
    'matched bulk:1',
    'collapsed ',
    'matched sluice:epoch:x.other,other:3:1; collapsed bulk:*',
  ]);
});

it('carries epochs from batch to batch', async () => {
  const evaluated = await evaluate([...partsOf(['{table: x.other, truncate: true}']), ...partsOf([other(7)])]);
  expect(shown(evaluated)).toEqual(['matched sluice:epoch:x.other', 'matched other:1:7']);
});

it('leaves a transaction that breaks off as it is', async () => {
  const [part] = partsOf([bulk(1)], []);
  expect(shown(await evaluate(part === undefined ? [] : [part]))).toEqual(['matched bulk:1']);
});

it('counts a row on which the condition fails, as the evaluator does', async () => {
  const picky = (id: number): string => `{table: x.picky, insert: {id: ${id}}}`;
  const evaluated = await evaluate(partsOf([picky(1), picky(2), picky(3)]));
  expect(shown(evaluated)).toEqual(['dead_letter ', 'collapsed ', 'collapsed picky:*']);
});

it('says why a rule passed over a row also when the row raised the epoch of its table', async () => {
  const evaluated = await evaluate(partsOf(['{table: x.pages, insert: {id: 1}}']));
  expect(shown(evaluated)).toEqual(['operation sluice:epoch:x.pages']);
});
