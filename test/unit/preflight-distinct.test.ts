import { expect, it } from 'vitest';
import { distinct } from '../../src/preflight-distinct.ts';

const at = (line: number, message: string, more = {}) => ({
  file: 'rules.yaml',
  line,
  column: 5,
  message,
  remedy: 'Mend it.',
  ...more,
});

it('tells one mistake at several places once for each', () => {
  const problems = [at(3, 'no column `x`'), at(7, 'no column `x`'), { ...at(7, 'no column `x`'), column: 9 }];
  expect(distinct(problems)).toEqual(problems);
  const other = [at(3, 'no column `x`'), { ...at(3, 'no column `x`'), file: 'others.yaml' }];
  expect(distinct(other)).toEqual(other);
});

it('tells it once at one place', () => {
  expect(distinct([at(3, 'a'), at(3, 'b'), at(3, 'a')])).toEqual([at(3, 'a'), at(3, 'b')]);
});

it('tells once what a server has against everybody, whichever section names it', () => {
  const source = { ...at(2, 'does not answer'), file: 'sluice.yaml' };
  expect(distinct([source, { ...source, line: 9, temporary: true }])).toEqual([source]);
  expect(distinct([source, { message: 'does not answer', remedy: '' }])).toEqual([source]);
});
