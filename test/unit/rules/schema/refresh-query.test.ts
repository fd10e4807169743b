import { describe, expect, it } from 'vitest';
import { parseLookupQuery } from '../../../../src/rules/schema/lookup-query.ts';
import { parseRefreshQuery } from '../../../../src/rules/schema/refresh-query.ts';

const parse = (text: string) => {
  const parsed = parseRefreshQuery(text);
  return 'ok' in parsed ? [parsed.ok.sql, ...parsed.ok.parameters] : parsed.problems.map((p) => `${p.at} ${p.message}`);
};

describe('a refresh query', () => {
  it('gets a placeholder for every :column, in order, also for one that comes twice', () => {
    expect(parse('SELECT * FROM t WHERE a = :id AND b IN (:x, :id)')).toEqual([
      'SELECT * FROM t WHERE a = ? AND b IN (?, ?)',
      'id',
      'x',
      'id',
    ]);
  });

  it.each([
    "SELECT ':x', 'it''s :x', 'back\\' :x'",
    'SELECT ":x", "a"":x"',
    'SELECT `:x`, `a``:x`',
    'SELECT 1 -- :x and ;\n',
    'SELECT 1 # :x and ;',
    'SELECT /* :x ; */ 1',
    'SELECT 1--1',
    'SELECT a::text, @v := 1',
    'SELECT \'2024-01-01 10:20:30\', "?" ',
    'SELECT t.update, t.`into`, `delete` FROM t',
    "SELECT INSERT('abc', 1, 1, 'x')",
    'SELECT created_into, updated, @update FROM t',
  ])('has no parameter and no mistake in: %s', (text) => {
    expect(parse(text)).toEqual([text.trim()]);
  });

  it('may begin with WITH, or with a parenthesis', () => {
    expect(parse('with x as (select 1) select * from x where id = :id')).toHaveLength(2);
    expect(parse('(SELECT 1) UNION (SELECT 2)')).toHaveLength(1);
    expect(parse('/* why */ SELECT 1')).toHaveLength(1);
  });

  it('takes a column with an odd name in backticks', () => {
    expect(parse('SELECT 1 WHERE a = :`odd name`')).toEqual(['SELECT 1 WHERE a = ?', 'odd name']);
  });

  it.each([
    ['', '0 this is no SELECT'],
    ['UPDATE t SET a = 1', '0 this is no SELECT'],
    ['SELECT 1;', '8 a `;` separates statements'],
    ['SELECT 1; DROP TABLE t', '8 a `;` separates statements'],
    ['SELECT 1 INTO OUTFILE "x"', '9 INTO has no place in it'],
    ['WITH x AS (SELECT 1) DELETE FROM t', '21 DELETE has no place in it'],
    ['SELECT 1 FOR UPDATE', '13 UPDATE has no place in it'],
    ['SELECT * FROM t WHERE id = ?', '27 a `?` names no column'],
    ["SELECT 'open", '7 this never ends'],
    ['SELECT 1 /* open', '9 this never ends'],
    ['SELECT 1 /*! ; */', '9 a `/*! … */` comment is executed'],
  ])('%j is refused', (text, expected) => {
    expect(parse(text)[0]).toBe(expected);
  });
});

it('is called what it is in its remedies', () => {
  const remedies = (parsed: ReturnType<typeof parseRefreshQuery>): string[] =>
    'problems' in parsed ? parsed.problems.map(({ remedy }) => remedy) : [];
  const text = 'DROP TABLE x;';
  expect(remedies(parseRefreshQuery(text))).toEqual([
    'A refresh query is a single SELECT (or WITH … SELECT).',
    'Remove it. A refresh query is a single SELECT (or WITH … SELECT).',
  ]);
  expect(remedies(parseLookupQuery(text))[0]).toBe('The query of a lookup is a single SELECT (or WITH … SELECT).');
});
