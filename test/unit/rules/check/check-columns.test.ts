import { describe, expect, it } from 'vitest';
import { unsuitableColumns } from '../../../../src/rules/check/check-columns.ts';
import { tableWarnings } from '../../../../src/rules/check/table-warnings.ts';
import { liveTable } from '../../../support/live-tables.ts';
import { rulesOf } from '../../../support/rules.ts';

/** The rule set of one rule about shop.t with this key. */
const ruleWith = (key: string, more = '', table = 'shop.t') =>
  rulesOf(`rules:\n  - {name: r, table: ${table}, keys: ['k:${key}'], action: delete${more}}\n`);

const table = (column: string) => [liveTable('shop.t', ['id', `c ${column}`])];

describe('a filter that can never work on a column is a problem', () => {
  it.each([
    [
      '{c | date("%Y")}',
      ['date', 'datetime(3)', 'timestamp', 'varchar(20) bin', 'text bin'],
      ['int', 'time', 'year', 'json', 'enum("a")', 'blob', 'decimal(10,2)'],
    ],
    [
      '{c | modulo(4)}',
      ['int', 'bigint', 'tinyint(1)', 'bit(8)', 'year', 'decimal(10,0)', 'varchar(20) bin'],
      ['decimal(10,2)', 'double', 'float', 'date', 'json', 'enum("1")', 'varbinary(9)', 'point'],
    ],
    ['{c | json("$.a")}', ['json', 'longtext bin', 'varchar(99) bin'], ['int', 'blob', 'datetime', 'set("a")']],
    ['{c[*]}', ['json', 'longtext bin'], ['int', 'blob', 'date']],
    [
      '{c | split(",")}',
      ['varchar(99) bin', 'text bin', 'set("a","b")', 'enum("a")'],
      ['json', 'int', 'varbinary(9)', 'date'],
    ],
    ['{c | lower | split(",")}', ['varchar(99) bin'], []],
    ['{c | trim | date("%Y")}', ['date'], ['int']],
    ['{c | default("1") | modulo(4)}', ['int'], ['double']],
    ['{c | substring(0, 4) | modulo(4)}', ['int'], ['double']],
    // What a filter made of the column is no matter of the column any more.
    ['{c | crc32 | modulo(4)}', ['int', 'double', 'date', 'json', 'blob'], []],
    ['{c | json("$.a") | date("%Y")}', ['json'], ['int']],
    ['{c | sha1}', ['int', 'double', 'date', 'json', 'blob', 'point', 'text'], []],
    ['{c | hex}', ['int', 'varbinary(9)'], []],
  ])('%s', (key, fit, unfit) => {
    for (const type of fit) expect([type, unsuitableColumns(ruleWith(key), table(type))]).toEqual([type, []]);
    for (const type of unfit) {
      expect([type, unsuitableColumns(ruleWith(key), table(type)).length]).toEqual([type, 1]);
    }
  });

  it('names the filter, the type, the table, and what to do', () => {
    const tables = [
      liveTable('shop.t1', ['id', 'c int']),
      liveTable('shop.t2', ['id', 'c date']),
      liveTable('shop.t3', ['id', 'c time']),
    ];
    expect(unsuitableColumns(ruleWith('{id}:{c | date("%Y")}', '', 'shop.*'), tables)).toEqual([
      {
        file: 'rules.yaml',
        line: 2,
        column: 46,
        excerpt: expect.stringMatching(/ {45}\^$/) as string,
        message:
          'rule `r`: `date` reads a DATE, DATETIME or TIMESTAMP, and `c` is int in shop.t1 and 1 more of its tables',
        remedy: 'Take another column, or leave the filter out.',
      },
    ]);
  });

  it('in a partition key too', () => {
    const rules = ruleWith('{id}', ', partition_key: "{c | modulo(4)}"');
    expect(unsuitableColumns(rules, table('double')).map(({ message }) => message)).toEqual([
      'rule `r`: `modulo` reads whole numbers, and `c` is double in shop.t',
    ]);
  });

  it('not in tables the rule is not about', () => {
    expect(unsuitableColumns(ruleWith('{c | modulo(4)}'), [liveTable('shop.other', ['id', 'c double'])])).toEqual([]);
  });
});

describe('a key of any length is a problem', () => {
  it.each([
    [
      '{c}',
      ['varchar(1024)', 'char(9)', 'tinytext', 'varbinary(9)', 'int', 'date', 'enum("a")'],
      ['text', 'mediumtext', 'longtext', 'blob', 'longblob', 'json', 'point', 'varchar(1025)', 'varbinary(2000)'],
    ],
    ['{c | lower}', ['varchar(20)'], ['text']],
    ['{c | substring(3)}', [], ['text']],
    ['{c | substring(0, 1024)}', ['text', 'blob', 'json'], []],
    ['{c | substring(0, 1025)}', ['varchar(1024)'], ['text']],
    ['{c | trim | md5}', ['text', 'blob', 'json'], []],
    ['{c | date("%Y")}', ['text'], []],
    // How long the elements are no table says.
    ['{c[*]}', ['json'], []],
    ['{c | json("$.a")}', ['json', 'text'], []],
    ['{c | split(",")}', ['text'], []],
  ])('%s', (key, fit, unfit) => {
    for (const type of fit) expect([type, unsuitableColumns(ruleWith(key), table(type))]).toEqual([type, []]);
    for (const type of unfit) {
      expect(unsuitableColumns(ruleWith(key), table(type)).map(({ message, remedy }) => [message, remedy])).toEqual([
        [
          `rule \`r\`: a key of \`c\` could be of any length: it is ${type} in shop.t`,
          'Write `{c | sha1}` or `{c | substring(0, 100)}`.',
        ],
      ]);
    }
  });

  it('but of a partition key it is only a warning', () => {
    expect(unsuitableColumns(ruleWith('{id}', ', partition_key: "{c}"'), table('text'))).toEqual([]);
  });
});

describe('warnings', () => {
  const messages = (key: string, type: string, more = ''): string[] =>
    tableWarnings(ruleWith(key, more), table(type)).map(({ message }) => message);
  const ci =
    'rule `r`: `c` is compared without case in shop.t (utf8mb4_0900_ai_ci): `A` and `a` are one value there and two keys';
  const nullable = 'rule `r`: `c` may be NULL in shop.t, and such a row gives no key';

  const long = (type: string): string =>
    `rule \`r\`: what this takes of \`c\` could be of any length: it is ${type} in shop.t`;
  it.each([
    ['{c | json("$.a")}', 'json', '', [long('json')]],
    ['{c | json("$.a") | lower}', 'json', '', [long('json')]],
    ['{c[*]}', 'json', '', [long('json')]],
    ['{c | split(",")}', 'text bin', '', [long('text')]],
    ['{c | split(",")}', 'varchar(2000) bin', '', [long('varchar(2000)')]],
    ['{c | split(",")}', 'varchar(1024) bin', '', []],
    ['{c | split(",") | substring(0, 20)}', 'text bin', '', []],
    ['{c | json("$.a") | sha1}', 'json', '', []],
    ['{id}', 'text bin', ', partition_key: "{c}"', [long('text').replace('what this takes', 'a partition key')]],
    ['{id}', 'text bin', ', partition_key: "{c | md5}"', []],
    ['{id}', 'json', ', partition_key: \'{c | json("$.a")}\'', [long('json')]],
    ['{c}', 'varchar(20)', '', [ci]],
    ['{c | trim | sha1}', 'char(2)', '', [ci]],
    ['{c | sha1 | lower}', 'varchar(20)', '', [ci]],
    ['{c | lower}', 'varchar(20)', '', []],
    ['{c | upper | md5}', 'varchar(20)', '', []],
    ['{c | date("%Y")}', 'varchar(20)', '', []],
    ['{c}', 'varchar(20) bin', '', []],
    ['{c}', 'enum("a")', '', []],
    ['{c}', 'int', '', []],
    ['{c}', 'int null', '', [nullable]],
    ['{c}', 'varchar(9) null', '', [ci, nullable]],
    ['{c}', 'int null', ', null_as: none', []],
    ['{c | default("none")}', 'int null', '', []],
    ['{id}', 'varchar(9) null', ', columns: [c]', []],
    ['{id}', 'varchar(9) null', ', partition_key: "{c}"', []],
  ])('%s of %s%s', (key, type, more, expected) => {
    expect(messages(key, type, more)).toEqual(expected);
  });

  it('propose the remedy at the place of the column', () => {
    expect(tableWarnings(ruleWith('{c}'), table('varchar(20) null'))).toMatchObject([
      { file: 'rules.yaml', line: 2, column: 41, remedy: expect.stringContaining('`{c | lower}`') as string },
      { line: 2, column: 41, remedy: expect.stringContaining('`null_as` or `{c | default("none")}`') as string },
    ]);
  });

  it('name a table without a primary key, at the pattern that matches it', () => {
    const tables = [
      liveTable('shop.a', ['id'], []),
      liveTable('shop.b', ['id']),
      liveTable('shop.c', ['id'], []),
      liveTable('else.d', ['id'], []),
    ];
    expect(tableWarnings(ruleWith('{id}', '', '"shop.*"'), tables)).toEqual([
      {
        file: 'rules.yaml',
        line: 2,
        column: 22,
        excerpt: expect.stringMatching(/ {21}\^$/) as string,
        message: 'rule `r`: there is no primary key in shop.a and 1 more of its tables',
        remedy: 'Give it one: without it nobody can tell in the audit trail or in dead letters which row it was.',
      },
    ]);
  });
});
