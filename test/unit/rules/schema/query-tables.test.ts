import { describe, expect, it } from 'vitest';
import { queryTables } from '../../../../src/rules/schema/query-tables.ts';

const tables = (sql: string): string[] =>
  queryTables(sql).map(({ database, table }) => (database === null ? table : `${database}.${table}`));

describe('the tables of a query', () => {
  it.each([
    ['SELECT 1', []],
    ['SELECT 1 FROM DUAL', []],
    ['SELECT c FROM orders WHERE id = :id', ['orders']],
    ['SELECT c from Orders o', ['Orders']],
    ['SELECT c FROM orders AS o WHERE o.from = :id', ['orders']],
    ['SELECT c FROM shop.orders', ['shop.orders']],
    ['SELECT c FROM shop . orders', ['shop.orders']],
    ['SELECT c FROM `shop`.`odd name` x', ['shop.odd name']],
    ['SELECT c FROM `shop` . orders', ['shop.orders']],
    ['SELECT c FROM shop.`from`, `join`', ['shop.from', 'join']],
    ['SELECT c FROM a, b AS x, shop.d', ['a', 'b', 'shop.d']],
    ['SELECT c FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN d USING (x, y)', ['a', 'b', 'd']],
    ['SELECT c FROM a NATURAL JOIN b, e CROSS JOIN f STRAIGHT_JOIN g', ['a', 'b', 'e', 'f', 'g']],
    ['SELECT STRAIGHT_JOIN x, y FROM a', ['a']],
    ['SELECT c FROM a USE INDEX FOR JOIN (i, j), b', ['a', 'b']],
    ['SELECT c FROM a PARTITION (p0, p1) x IGNORE INDEX (i), b', ['a', 'b']],
    ['SELECT c FROM (a, b) JOIN (d INNER JOIN (e))', ['a', 'b', 'd', 'e']],
    ['SELECT c FROM (SELECT x, y FROM a) AS s, b', ['a', 'b']],
    ['SELECT c FROM a, LATERAL (SELECT 1 FROM b) l, d', ['a', 'b', 'd']],
    ["SELECT c FROM a, JSON_TABLE(a.j, '$[*]' COLUMNS (x INT PATH '$', y INT PATH '$')) t, b", ['a', 'b']],
    ['SELECT (SELECT MAX(x) FROM b), c, d FROM a WHERE x IN (SELECT x FROM e) AND EXISTS (SELECT 1 FROM f)', 'b a e f'],
    ['SELECT c FROM a WHERE x > 1 ORDER BY x, y LIMIT 1, 2', ['a']],
    ['SELECT c FROM a GROUP BY x, y WITH ROLLUP HAVING x, z', ['a']],
    ['(SELECT c FROM a) UNION ALL (SELECT c FROM b) UNION SELECT d, e FROM f', ['a', 'b', 'f']],
    ['SELECT c FROM a UNION TABLE b', ['a', 'b']],
    ["SELECT EXTRACT(YEAR FROM born), TRIM(BOTH 'x' FROM name), SUBSTRING(y FROM 2) FROM a", ['a']],
    ['SELECT EXTRACT(YEAR FROM (SELECT born FROM b)) FROM a', ['b', 'a']],
    ['WITH x AS (SELECT * FROM a), y (k, l) AS (SELECT * FROM x, b) SELECT 1 FROM y JOIN X JOIN d', ['a', 'b', 'd']],
    ['WITH orders AS (SELECT * FROM orders) SELECT 1 FROM orders', ['orders']],
    ['WITH y (k) AS (SELECT * FROM y) SELECT 1 FROM y', ['y']],
    ['WITH RECURSIVE x AS (SELECT 1 FROM a UNION ALL SELECT 1 FROM x) SELECT 1 FROM x', ['a']],
    ['WITH x AS (SELECT 1) SELECT 1 FROM shop.x', ['shop.x']],
    ['SELECT 1 FROM (WITH x AS (SELECT 1 FROM a) SELECT 1 FROM x) s JOIN x', ['a', 'x']],
    ['WITH `x` AS (SELECT 1) (SELECT 1 FROM x)', []],
    ["SELECT 'FROM b' /* FROM d */ FROM a -- FROM e\n", ['a']],
    ['SELECT c FROM (VALUES ROW(1, 2), ROW(3, 4)) v, a', ['a']],
    ['SELECT c FROM a WHERE x IN (TABLE b)', ['a', 'b']],
    ['SELECT c FROM a FOR SHARE', ['a']],
    ['SELECT c FROM a WHERE x = :from', ['a']],
    ['SELECT SUM(x) OVER w FROM a WINDOW w AS (ORDER BY x), v AS (ORDER BY y)', ['a']],
  ])('%s', (sql, expected) => {
    expect(tables(sql)).toEqual(typeof expected === 'string' ? expected.split(' ') : expected);
  });

  it('come with their places', () => {
    const sql = 'SELECT c FROM a JOIN shop.b';
    expect(queryTables(sql).map(({ at }) => sql.slice(at))).toEqual(['a JOIN shop.b', 'shop.b']);
  });
});
