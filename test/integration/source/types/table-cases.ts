import type { TypeCase } from './type-case.ts';

/** Columns that stand in the log and not in `SELECT *`, or the other way round: all others must keep their places. */
export const TABLE_CASES: readonly TypeCase[] = [
  { type: 'INT INVISIBLE', values: ['5'], columns: ['id', 'c'] },
  { type: 'INT AS (id % 1000 * 2) STORED', values: [] },
  { type: 'INT AS (id % 1000 * 3) VIRTUAL', values: [] },
  { type: "VARCHAR(20) AS (CONCAT('v', id % 1000)) STORED", values: [] },
  { type: 'JSON AS (JSON_OBJECT("id", id % 1000)) STORED', values: [], on: 'mysql' },
  // The server keeps a hidden column for each part of such an index.
  { type: 'VARCHAR(20)', values: ["'a'", "'B'"], more: 'KEY ((LOWER(c))), KEY ((id + 1))', on: 'mysql' },
  { type: 'JSON', values: ["'[1, 2]'", "'[]'"], more: 'KEY ((CAST(c AS UNSIGNED ARRAY)))', on: 'mysql' },
  { type: 'JSON', values: ["'[\"a\", \"b\"]'"], more: 'KEY ((CAST(c AS CHAR(9) ARRAY)))', on: 'mysql' },
  { type: 'TEXT', values: ["'long'", "'other'"], more: 'UNIQUE (c)', on: 'mariadb' },
  { type: 'INT', values: ['7', '8', '9'], options: 'PARTITION BY HASH (id) PARTITIONS 3' },
  { type: 'INT', values: ['7', '8'], options: 'PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (2), PARTITION b VALUES LESS THAN MAXVALUE)' },
  { type: 'VARCHAR(20)', values: ["'a'"], options: 'ROW_FORMAT=COMPRESSED' },
  { type: 'TEXT', values: ["'a'"], options: 'ENGINE=MyISAM' },
]; // prettier-ignore
