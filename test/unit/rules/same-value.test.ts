import { expect, it } from 'vitest';
import { sameValue } from '../../../src/rules/evaluate/column-reader.ts';

/** As the decoder's FLOAT columns: the text has six digits. */
const float = { name: 'f', type: 'float', text: (value: unknown) => Number(value).toPrecision(6), json: () => null };
const bytes = {
  name: 'f',
  type: 'varbinary',
  text: (value: unknown) => (value as Buffer).toString('hex'),
  json: () => null,
};

it('sees a change of a number that its text is too short to show', () => {
  expect(sameValue(float, { f: 16777216 }, { f: 16777215 })).toBe(false);
  expect(sameValue(float, { f: 16777216 }, { f: 16777216 })).toBe(true);
});

it('takes buffers with the same content for the same, and NULL only for NULL', () => {
  expect(sameValue(bytes, { f: Buffer.from('a') }, { f: Buffer.from('a') })).toBe(true);
  expect(sameValue(bytes, { f: Buffer.from('a') }, { f: Buffer.from('b') })).toBe(false);
  expect(sameValue(bytes, { f: null }, { f: Buffer.from('') })).toBe(false);
  expect(sameValue(bytes, { f: null }, { f: null })).toBe(true);
});
