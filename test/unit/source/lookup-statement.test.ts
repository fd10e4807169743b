import { expect, it } from 'vitest';
import { listsPerStatement, lookupStatement } from '../../../src/source/lookup-statement.ts';

const sizes = (sql: string, parameters: number, count: number): number[] => {
  const found: number[] = [];
  for (let left = count; left > 0; left -= found.at(-1) ?? 1) found.push(listsPerStatement(sql, parameters, left));
  return found;
};

it('uses few sizes, so that the server keeps few prepared statements', () => {
  expect(sizes('SELECT ?', 1, 149)).toEqual([32, 32, 32, 32, 16, 4, 1]);
  expect(sizes('SELECT ?', 1, 1)).toEqual([1]);
});

it('puts fewer lists into a statement that would be too long or have too many parameters', () => {
  expect(sizes('x'.repeat(100_000), 1, 5)).toEqual([2, 2, 1]);
  expect(sizes('x'.repeat(1_000_000), 1, 2)).toEqual([1, 1]);
  expect(sizes('SELECT ?', 10_000, 9)).toEqual([4, 4, 1]);
});

it('limits each list by itself, and survives a comment at the end of the query', () => {
  expect(lookupStatement('SELECT a FROM t -- why', 2)).toBe(
    [0, 1]
      .map((list) => `(SELECT ${list} AS \`sluice:list\`, q.* FROM (\nSELECT a FROM t -- why\n) AS q LIMIT 10001)`)
      .join(' UNION ALL '),
  );
});
