import { describe, expect, it } from 'vitest';
import type { Column, JsonValue, Row } from '../../../../src/model/row-change.ts';
import { SluiceError } from '../../../../src/runtime/errors.ts';
import { parseCondition } from '../../../../src/rules/condition/condition-cel.ts';
import type { Condition } from '../../../../src/rules/condition/condition.ts';
import { makeChange, makeTable } from '../../../support/tables.ts';

function condition(text: string): Condition {
  const parsed = parseCondition(text);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.ok;
}

/** A column of each type, as decoders deliver them. */
const column = (name: string, type: string, read: Partial<Column> = {}): Column => ({
  name,
  type,
  text: String,
  json: (value) => value as JsonValue,
  ...read,
});
const COLUMNS = [
  column('id', 'bigint unsigned'),
  column('price', 'decimal'),
  column('weight', 'float', { text: (value) => (value as number).toPrecision(6) }),
  column('name', 'varchar'),
  column('day', 'date'),
  column('doc', 'json', { json: (value) => JSON.parse(value as string) as JsonValue }),
  column('Odd Name', 'varchar'),
];
const table = {
  ...makeTable('shop', 'products', []),
  columns: COLUMNS,
  columnsByName: new Map(COLUMNS.map((each) => [each.name, each])),
};
const ROW: Row = {
  id: '18446744073709551615',
  price: '9.90',
  weight: 1.5,
  name: 'Ann',
  day: '2024-02-29',
  doc: '{"a": [1, "x"], "ok": true}',
  'Odd Name': 'odd',
};

const of = (text: string, before: Row | null, after: Row | null): boolean =>
  condition(text).matches(makeChange(table, before, after));

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return error instanceof SluiceError ? error.code : String(error);
  }
}

describe('a condition', () => {
  it.each([
    ['after.id == 18446744073709551615u || after.id > 9007199254740993', true],
    ['after.price == 9.9', true],
    ['after.price * 2.0 > 19.0', true],
    ['after.weight < 2', true],
    ['after.name == "Ann"', true],
    ['after.name == "ann"', false],
    ['after.name.startsWith("A") && after.name.size() == 3', true],
    ['after.name.matches("^[A-Z][a-z]+$")', true],
    ['after.name . matches("^[A-Z]$") || (after.day).matches("^2024-")', true],
    ['after.day >= "2024-02-28"', true],
    ['after.doc.a[1] == "x" && after.doc.ok', true],
    ['"x" in after.doc.a', true],
    ['after.doc.a.exists(each, each == "y")', false],
    ['has(after.doc.b)', false],
    ['has(after.doc.a)', true],
    ['"ok" in after.doc', true],
    ['after.doc == {"a": [1, "x"], "ok": true}', true],
    ['after["Odd Name"] == "odd"', true],
    ['after["odd name"] == "odd"', true],
    ['after.NAME != before.name', true],
    ['before.name == null', true],
    ['op in ["insert", "delete"]', true],
    ['table == "products" && database == "shop"', true],
    ['[1, 2].all(n, n < 3) && op == "insert"', true],
  ])('%s is %s for an inserted row', (text, expected) => {
    expect(of(text, null, ROW)).toBe(expected);
  });

  it('sees an absent image as a row of NULLs, so that `op` is needed to tell', () => {
    expect(of('after.name == "Ann"', ROW, null)).toBe(false);
    expect(of('after.name == null && op == "delete"', ROW, null)).toBe(true);
    expect(of('before.name != after.name', null, { ...ROW, name: null })).toBe(false);
  });

  it('reads whole numbers exactly, however large', () => {
    const [odd, even] = ['9007199254740993', '9007199254740992'].map((id) => ({ ...ROW, id }));
    if (odd === undefined || even === undefined) throw new Error('no rows');
    expect(of('before.id != after.id', odd, even)).toBe(true);
    expect(of('after.id % 2 == 1', even, odd)).toBe(true);
  });

  it('names the columns it reads, each once, and converts no other', () => {
    const { columns } = condition('before.price != after.price || after.name == "x"');
    expect([...columns].sort()).toEqual(['name', 'price']);
    const read = ['price', 'name'];
    const unread = (name: string) => () => expect.fail(`${name} is converted`);
    const columnsOnce = COLUMNS.map((each) =>
      read.includes(each.name) ? each : { ...each, text: unread(each.name), json: unread(each.name) },
    );
    const greedy = { ...table, columns: columnsOnce };
    const bound = { ...greedy, columnsByName: new Map(greedy.columns.map((each) => [each.name, each])) };
    expect(condition('before.price != after.price || after.name == "x"').matches(makeChange(bound, ROW, ROW))).toBe(
      false,
    );
  });

  it('finds its columns anew when the table is another one', () => {
    const isAnn = condition('after.name == "Ann"');
    const other = makeTable('shop', 'people', ['NAME']);
    expect(isAnn.matches(makeChange(table, null, ROW))).toBe(true);
    expect(isAnn.matches(makeChange(other, null, { NAME: 'Bob' }))).toBe(false);
  });

  it('fails with a code when it cannot be decided, and shows no value of the row', () => {
    const failing = () => of('after.name > 3', null, { ...ROW, name: 'hunter2' });
    expect(codeOf(failing)).toBe('RULE_CONDITION_FAILED');
    expect(failing).toThrow(/no such overload/);
    expect(failing).not.toThrow(/hunter2/);
    expect(codeOf(() => of('after.price + 1.0 > 3.0', ROW, null))).toBe('RULE_CONDITION_FAILED');
    expect(codeOf(() => of('after.doc.ok && after.doc.b', null, ROW))).toBe('RULE_CONDITION_FAILED');
    expect(codeOf(() => of('after.doc.a[7] == 1', null, ROW))).toBe('RULE_CONDITION_FAILED');
    for (const text of [
      'bool(after.name)',
      'int(after.name) == 1',
      'after.doc[after.name] == 1',
      'duration(after.name) == duration("1s")',
      'timestamp("2024-01-01T00:00:00Z").getHours(after.name) == 1',
      'bytes(after.name).json().a == 1',
    ]) {
      const failing = () => of(text, null, { ...ROW, name: 'hunter2' });
      expect(codeOf(failing), text).toBe('RULE_CONDITION_FAILED');
      expect(failing, text).not.toThrow(/hunter2/);
    }
    expect(codeOf(() => of('int(after.name) == 1', null, { ...ROW, name: 'hunter2' }))).toBe('RULE_CONDITION_FAILED');
  });

  it.each([
    'after.price > 3',
    'after.price <= 3.5',
    '3 >= after.price',
    'after.price < before.day',
    'after.day > "2024"',
    'after.price < after.price',
    'after.name.startsWith("A")',
    'after.name.contains("")',
    'after.name.endsWith("")',
    'after.name.matches("")',
  ])('%s is false where the image does not exist, as with NULL in SQL', (text) => {
    expect(of(text, ROW, null)).toBe(false);
  });

  it('is decided by what can be decided: `||` and `&&` pass over a side that fails', () => {
    expect(of('op == "insert" || after.name > 3', null, ROW)).toBe(true);
    expect(of('after.name > 3 || op == "insert"', null, ROW)).toBe(true);
    expect(of('after.name > 3 && op == "delete"', null, ROW)).toBe(false);
  });

  it('says so when its table lacks a column', () => {
    expect(codeOf(() => of('after.nope == 1', null, ROW))).toBe('RULE_COLUMN_MISSING');
  });

  it('asks `matches` about no text that is longer than the pattern was judged for', () => {
    const pattern = 'after.name.matches("^a+$")';
    expect(of(pattern, null, { ...ROW, name: 'a'.repeat(4096) })).toBe(true);
    expect(codeOf(() => of(pattern, null, { ...ROW, name: 'a'.repeat(4097) }))).toBe('RULE_CONDITION_FAILED');
  });

  it('lets a column have any name', () => {
    const odd = makeTable('a', 'b', ['__proto__', 'constructor']);
    const row = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Row;
    const both = condition('after["__proto__"] == "x" && after["constructor"] == "y" && before["constructor"] == null');
    expect(both.matches(makeChange(odd, null, row))).toBe(true);
    const doc = '{"constructor": {"__proto__": [{"x": 1}]}}';
    expect(of('after.doc.constructor["__proto__"][0].x == 1 && size(after.doc) == 1', null, { ...ROW, doc })).toBe(
      true,
    );
  });
});

it('names its rule in what it throws, once it belongs to one', () => {
  const failing = (text: string) => () => {
    const parsed = parseCondition(text);
    return 'ok' in parsed && parsed.ok.of('teller').matches(makeChange(table, null, ROW));
  };
  expect(failing('after.name > 3')).toThrow('rule `teller`: `when: after.name > 3`: no such overload');
  expect(failing('after.nope == 1')).toThrow('rule `teller`: `when: after.nope == 1` needs column `nope`');
});

it.each(["after.name.matches('^a\\.b')", "after.name == '\\d'"])('tells how a backslash is written: %s', (text) => {
  expect(parseCondition(text)).toMatchObject({
    problems: [
      {
        message: expect.stringMatching(/^invalid escape sequence/) as string,
        remedy: expect.stringContaining('backslash twice') as string,
      },
    ],
  });
});
