/** An update that says of a document only what changed in it, in an image that has not all columns: nobody knows the document. */
import { expect, it } from 'vitest';
import type { RowChange } from '../../../src/model/row-change.ts';
import { TestEvaluator } from '../../support/evaluation.ts';
import { decoderOf, pushAll, recordedEvents, takeAll } from '../../support/recorded-log.ts';

/** Behind others, of whose documents everything is known. */
function unknownDocument(): RowChange {
  const decoder = decoderOf('mysql');
  pushAll(decoder, recordedEvents('mysql'));
  const updates = takeAll(decoder).flatMap(({ changes }) =>
    changes.filter((change) => change.kind === 'row' && change.operation === 'update' && change.table.name === 'more'),
  );
  const last = updates.at(-1);
  if (last?.kind !== 'row') throw new Error('no update');
  return last;
}

const rule = (more: string): string => `rules:\n  - {name: r, table: shop.more, action: delete, ${more}}\n`;

it('is touched by the update, and the other columns are not', () => {
  const change = unknownDocument();
  expect([change.before?.['j'], change.after?.['j']]).toEqual([undefined, undefined]);
  expect(new TestEvaluator(rule('keys: ["m:{id}"], columns: [j]')).keys([change])).toEqual(['delete m:2']);
  expect(new TestEvaluator(rule('keys: ["m:{id}"], columns: [v, g]')).keys([change])).toEqual([]);
});

it('is no NULL in the dead letter of the row: what nobody knows is not in it', () => {
  const { letters } = new TestEvaluator(rule('keys: ["m:{j}"]')).run([unknownDocument()]);
  expect(letters.map(({ item }) => item)).toMatchObject([{ kind: 'unmapped', before: { id: 2 }, after: { id: 2 } }]);
  const [letter] = letters;
  expect(letter?.item.kind === 'unmapped' && [Object.keys(letter.item.before ?? {}), Object.keys(letter.item.after ?? {})]).toEqual([['id'], ['id']]); // prettier-ignore
});
