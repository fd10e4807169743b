import { describe, expect, it } from 'vitest';
import type { RowChange } from '../../../../src/model/row-change.ts';
import { parseTestFile, type RuleTestFile } from '../../../../src/rules/testing/test-file.ts';
import { ProblemsError } from '../../../../src/runtime/errors.ts';
import { rulesOf } from '../../../support/rules.ts';

function problemsOf(text: string, use: (file: RuleTestFile) => void = () => undefined): string[] {
  try {
    use(parseTestFile('a.test.yaml', text));
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

const change = (text: string): string => `tests:\n  - name: a\n    change: ${text}\n    expect: []\n`;
const expected = (text: string): string =>
  `tests:\n  - name: a\n    change: {table: x.y, insert: {id: 1}}\n    expect: [${text}]\n`;
const typed = (type: string, value: string): string =>
  `tables: {x.y: {columns: {c: '${type}'}}}\n${change(`{table: x.y, insert: {c: ${value}}}`)}`;

describe('what is wrong with a test file', () => {
  it.each([
    [
      'a rule file',
      'rules:\n  - {name: a, table: x.y, keys: [a], action: delete}\n',
      '1:1 this is a rule file, not a file of tests',
    ],
    ['no test at all', 'tests: []', '1:8 `tests`: has no test'],
    ['nothing', '', '1:1 the document: expected a mapping, not nothing'],
    ['no YAML', 'tests: [', expect.stringMatching(/^1:\d+ YAML/)],
    ['an unknown option', `test: 1\n${change('{table: x.y, drop: true}')}`, '1:1 unknown option `test`'],
    ['no name', 'tests:\n  - change: {table: x.y, drop: true}\n    expect: []\n', '2:5 `tests[0].name` is missing'],
    ['no expectation', 'tests:\n  - {name: a, change: {table: x.y, drop: true}}\n', '2:5 `tests[0].expect` is missing'],
    [
      'a name twice',
      'tests:\n  - {name: a, change: {table: x.y, drop: true}, expect: []}\n  - {name: a, change: {table: x.y, drop: true}, expect: []}\n',
      '3:12 there already is a test of this name in line 2',
    ],
    [
      'neither change nor transaction',
      'tests:\n  - {name: a, expect: []}\n',
      '2:5 `tests[0]`: needs exactly one of `change` and `transaction`',
    ],
    [
      'a table without its database',
      change('{table: y, insert: {id: 1}}'),
      '3:21 `tests[0].change.table`: `y` is no table',
    ],
    [
      'no operation',
      change('{table: x.y}'),
      '3:13 `tests[0].change`: needs exactly one of insert, update, delete, truncate, drop, rename and alter',
    ],
    [
      'two operations',
      change('{table: x.y, insert: {id: 1}, delete: {id: 1}}'),
      '3:13 `tests[0].change`: needs exactly one of insert, update, delete, truncate, drop, rename and alter',
    ],
    ['no table', change('{insert: {id: 1}}'), '3:13 `tests[0].change`: needs exactly one of `table` and `database`'],
    [
      'a database with a row',
      change('{database: x, insert: {id: 1}}'),
      '3:24 `tests[0].change.database`: only goes with `drop: true`',
    ],
    [
      'an update without after',
      change('{table: x.y, update: {before: {id: 1}}}'),
      '3:34 `tests[0].change.update.after` is missing',
    ],
    [
      'a row that is a text',
      change('{table: x.y, insert: id}'),
      '3:34 `tests[0].change.insert`: expected a mapping, not text',
    ],
    [
      'two actions in one expectation',
      expected('{delete: a, refresh: a}'),
      '4:14 `tests[0].expect[0]`: needs exactly one of delete, refresh, flush, epoch, dead_letter',
    ],
    [
      'an expectation that says nothing',
      expected('{rule: a}'),
      '4:14 `tests[0].expect[0]`: needs exactly one of delete, refresh, flush, epoch, dead_letter',
    ],
    [
      'a row of a delete',
      expected('{delete: a, row: gone}'),
      '4:31 `tests[0].expect[0].row`: only goes with `refresh`',
    ],
    [
      'a reason of a delete',
      expected('{delete: a, reason: b}'),
      '4:34 `tests[0].expect[0].reason`: only goes with `dead_letter` and `flush`',
    ],
    ['an expectation that is a text', expected('delete'), '4:14 `tests[0].expect[0]`: expected a mapping, not text'],
    ['a type that is none', typed('intt', '1'), '1:30 `tables.x.y.columns.c`: `intt` is no column type'],
    [
      'a table of types without a database',
      `tables: {y: {columns: {}}}\n${change('{table: x.y, drop: true}')}`,
      '1:10 `y` is no table',
    ],
    [
      'a primary key of a column that is not there',
      `tables: {x.y: {columns: {id: int}, primary_key: [no]}}\n${change('{table: x.y, drop: true}')}`,
      '1:50 there is no column `no` in x.y',
    ],
    [
      'a column that was not declared',
      `tables: {x.y: {columns: {id: int}}}\n${change('{table: x.y, insert: {ids: 1}}')}`,
      '4:35 there is no column `ids` in x.y',
    ],
    ['a text in an INT', typed('int', 'one'), '4:38 `one` is not a whole number'],
    [
      'a number too long to be exact',
      typed('bigint unsigned', '18446744073709551615'),
      '4:38 this number is too long to be exact',
    ],
    ['too many decimals', typed('decimal(10,2)', '1.234'), '4:38 `1.234` has more than 2 decimals'],
    ['a date that is none', typed('date', 'today'), '4:38 `today` is not a date such as 2024-02-29'],
    ['broken JSON', typed('json', "'{'"), '4:38 `{` is no JSON'],
    ['a list in a VARCHAR', typed('varchar(9)', '[1]'), '4:38 a list or mapping only fits a JSON column'],
    [
      'an odd number of hexadecimal digits',
      typed('varbinary(9)', 'abc'),
      '4:38 `abc` is not lower-case hexadecimal digits, two for each byte',
    ],
    [
      'an epoch that is no version',
      'tests:\n  - {name: a, epochs: {x.y: 0}, change: {table: x.y, drop: true}, expect: []}\n',
      '2:29 `tests[0].epochs.x.y`: an epoch is a version, 1 or more',
    ],
    [
      'an epoch of a table without its database',
      'tests:\n  - {name: a, epochs: {orders: 5}, change: {table: x.y, drop: true}, expect: []}\n',
      '2:32 `tests[0].epochs.orders`: `orders` is no table',
    ],
  ])('%s', (_title, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('is said at once: wrong options, and wrong columns and values elsewhere', () => {
    const text = `tables: {x.y: {columns: {id: int}}}
tests:
  - {name: a, chnge: {table: x.y, insert: {id: 1}}, expect: []}
  - {name: b, change: {table: x.y, insert: {id: one, more: 1}}, expect: []}
`;
    expect(problemsOf(text)).toEqual([
      '3:15 unknown option `tests[0].chnge`',
      '3:5 `tests[0]`: needs exactly one of `change` and `transaction`',
      '4:49 `one` is not a whole number',
      '4:54 there is no column `more` in x.y',
    ]);
  });

  it('is told all at once', () => {
    const text = `tables: {x.y: {columns: {id: int, d: date}}}\n${change('{table: x.y, insert: {id: a, d: b, e: c}}')}`;
    expect(problemsOf(text)).toHaveLength(3);
  });

  const LOOKUP = rulesOf(`
rules:
  - name: line
    table: x.lines
    lookup: {query: SELECT customer_id FROM orders WHERE id = :order_id, tables: [x.orders]}
    keys: ['c:{lookup.customer_id}']
    action: delete
  - {name: plain, table: x.y, keys: ['y:{id}'], action: delete}
`);
  it.each([
    ['a rule that is not there', '{lin: []}', '1:11 there is no rule `lin` with a lookup'],
    ['a rule without a lookup', '{plain: []}', '1:11 there is no rule `plain` with a lookup'],
    [
      'parameters of another query',
      '{line: [{parameters: {id: 1}, rows: []}]}',
      '1:31 these are not the parameters of the lookup of `line`',
    ],
  ])('answers for %s', (_title, lookups, problem) => {
    const text = `lookups: ${lookups}\n${change('{table: x.y, drop: true}')}`;
    expect(problemsOf(text, (file) => void file.answers(LOOKUP))).toEqual([problem]);
  });
});

function firstRow(text: string): {
  texts: Record<string, string | null>;
  json: Record<string, unknown>;
  row: RowChange;
} {
  const row = parseTestFile('a.test.yaml', text).tests[0]?.batch.changes[0] as RowChange;
  const image = row.after ?? {};
  const entries = row.table.columns.map((column) => {
    const value = image[column.name];
    return {
      name: column.name,
      text: value === null ? null : column.text(value),
      json: value === null ? null : column.json(value),
    };
  });
  return {
    texts: Object.fromEntries(entries.map(({ name, text: value }) => [name, value])),
    json: Object.fromEntries(entries.map(({ name, json }) => [name, json])),
    row,
  };
}

describe('a written value', () => {
  it.each([
    ['int', '7', '7', 7],
    ['bigint unsigned', "'18446744073709551615'", '18446744073709551615', '18446744073709551615'],
    ['tinyint(1)', 'true', '1', 1],
    ['decimal(10,2)', '9.9', '9.90', '9.90'],
    ['decimal(10,2)', '9', '9.00', '9.00'],
    ['decimal', '9.5', '9.5', '9.5'],
    ['double', '0.5', '0.5', 0.5],
    ['varchar(20)', '7', '7', '7'],
    ["enum('a','b')".replaceAll("'", "''"), 'a', 'a', 'a'],
    ['datetime(3)', "'2024-02-29 01:02:03'", '2024-02-29 01:02:03.000', '2024-02-29 01:02:03.000'],
    ['time', "'-00:01:00'", '-00:01:00', '-00:01:00'],
    ['year', '2024', '2024', 2024],
    ['json', '{bb: [1, x], a: null}', '{"a": null, "bb": [1, "x"]}', { bb: [1, 'x'], a: null }],
    ['json', "'[1]'", '[1]', [1]],
    ['varbinary(2)', "'00ff'", '00ff', '00ff'],
    ['int', 'null', null, null],
  ])('of type %s, %s, has the canonical text of the type', (type, value, text, json) => {
    const read = firstRow(typed(type, value));
    expect(read.texts['c']).toBe(text);
    expect(read.json['c']).toEqual(json);
  });

  it('has a type in words, as the decoder gives it', () => {
    const columns =
      'tables: {x.y: {columns: {a: "INT(10) UNSIGNED", b: integer, c: "varchar(9)", d: "decimal(9,2) unsigned"}}}';
    const { row } = firstRow(`${columns}\n${change('{table: x.y, insert: {}}')}`);
    expect(row.table.columns.map(({ type }) => type)).toEqual(['int unsigned', 'int', 'varchar', 'decimal unsigned']);
  });

  it('without a declared type has one that fits what is written', () => {
    const { row } = firstRow(change("{table: x.y, insert: {a: 1, b: 1.5, c: x, d: [1], e: true, f: null, g: '1'}}"));
    expect(row.table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'a bigint',
      'b double',
      'c varchar',
      'd json',
      'e tinyint',
      'f varchar',
      'g varchar',
    ]);
  });
});

describe('a written change', () => {
  it('keeps in an update what `after` does not name', () => {
    const [test] = parseTestFile(
      'a',
      change('{table: x.y, update: {before: {id: 1, a: 2, b: 3}, after: {a: 4}}}'),
    ).tests;
    expect(test?.batch.changes[0]).toMatchObject({
      operation: 'update',
      before: { id: '1', a: '2', b: '3' },
      after: { id: '1', a: '4', b: '3' },
    });
  });

  it('has NULL where a declared column is not given, and finds columns whatever their case', () => {
    const { texts } = firstRow(
      `tables: {x.y: {columns: {Id: int, name: text}}}\n${change('{table: x.y, insert: {ID: 1}}')}`,
    );
    expect(texts).toEqual({ Id: '1', name: null });
  });

  it('has the versions that follow the highest epoch, one for each change of the transaction', () => {
    const text = `
tests:
  - name: a
    epochs: {x.y: 41, x.z: 7}
    transaction: [{table: x.y, insert: {id: 1}}, {table: x.y, truncate: true}, {database: x, drop: true}]
    expect: []
`;
    const [test] = parseTestFile('a', text).tests;
    expect(test?.batch.changes.map(({ kind, operation, version }) => `${kind} ${operation} ${version}`)).toEqual([
      'row insert 42',
      'table truncate 43',
      'table drop 44',
    ]);
    expect(test?.batch.end?.lastVersion).toBe(44);
    expect(test?.batch.changes[2]).toMatchObject({ database: 'x', table: null });
  });

  it('shares its table with the other rows of the transaction', () => {
    const text =
      'tests: [{name: a, transaction: [{table: x.y, insert: {a: 1}}, {table: x.y, insert: {b: 1}}], expect: []}]';
    const changes = parseTestFile('a', text).tests[0]?.batch.changes as RowChange[];
    expect(changes[0]?.table).toBe(changes[1]?.table);
    expect(changes[0]?.after).toEqual({ a: '1', b: null });
  });
});
