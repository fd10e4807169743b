import { expect, it } from 'vitest';
import { queryKind, type QueryKind } from '../../../src/decode/query-kind.ts';

const CASES: readonly [string, QueryKind][] = [
  ['BEGIN', 'begin'],
  ["XA START X'61',X'',1", 'xa start'],
  ['COMMIT', 'commit'],
  ['ROLLBACK', 'commit'],
  ["XA COMMIT X'61',X'',1 ONE PHASE", 'xa commit'],
  ["XA ROLLBACK X'61',X'',1", 'xa rollback'],
  ['ROLLBACK TO `a`', 'inside'],
  ['SAVEPOINT `a`', 'inside'],
  ["XA END X'61',X'',1", 'inside'],
  ['CREATE TABLE t (id INT)', 'definition'],
  ['/* from a tool */ ALTER TABLE t ADD c INT', 'definition'],
  ['TRUNCATE TABLE t', 'definition'],
  ['GRANT SELECT ON *.* TO a', 'definition'],
  ['DELETE FROM `shop`.`memory_table`', 'definition'],
  ['DELETE FROM `shop`.`t` WHERE id = 1', 'rows'],
  ['/* hint */ insert into t values (1)', 'rows'],
  ['# note\nUPDATE t SET a = 1', 'rows'],
  ['REPLACE INTO t VALUES (1)', 'rows'],
  ['(SELECT f())', 'rows'],
  ['WITH x AS (SELECT 1) UPDATE t, x SET a = 1', 'rows'],
  ['SET STATEMENT max_statement_time=1 FOR INSERT INTO t VALUES (1)', 'rows'],
];

it.each(CASES)('reads %s as %s', (text, kind) => {
  expect(queryKind(text)).toBe(kind);
});
