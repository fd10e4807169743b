import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRuleFiles } from '../../../src/runtime/config/rule-files.ts';
import { ProblemsError, type Problem } from '../../../src/runtime/errors.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { problemsOf, rulesOf } from '../../support/rules.ts';

const DELETE = { kind: 'delete', againAfterMs: null };
const rule = (options: string): string => `rules:\n  - {name: a, table: x.y, keys: ["a:{id}"], ${options}}\n`;

describe('a rule file', () => {
  it('gives rules with their defaults filled in', () => {
    const [compiled] = rulesOf(rule('action: delete')).rules;
    expect(compiled).toMatchObject({
      name: 'a',
      actions: { insert: DELETE, update: DELETE, delete: DELETE },
      againAfterMs: null,
      columns: null,
      nullText: null,
      partitionKey: null,
      versioned: [false],
      when: null,
      lookup: null,
      maxKeys: 100,
      flushAboveRows: 100_000,
      tableChanges: {
        truncate: { kind: 'flush' },
        drop: { kind: 'flush' },
        rename: { kind: 'flush' },
        alter: { kind: 'flush' },
      },
    });
  });

  it('gives a plan for every refresh', () => {
    const { plans } = rulesOf(
      rule(`action: {refresh: {query: "SELECT * FROM t WHERE id = :id", store: hash, ttl: 10m, jitter: 10%,
        empty: {value: none, ttl: 30s}}}`),
    );
    expect(Object.keys(plans.get('a') ?? {})).toEqual(['insert', 'update', 'delete']);
    expect(plans.get('a')?.update).toEqual({
      rule: 'a',
      from: { kind: 'query', sql: 'SELECT * FROM t WHERE id = ?', parameters: ['id'] },
      store: 'hash',
      ttlMs: 600_000,
      jitter: 0.1,
      empty: { value: 'none', ttlMs: 30_000 },
    });
  });

  it('stores for ever as JSON, and deletes the key of a missing row, unless told', () => {
    expect(rulesOf(rule('action: {refresh: {row: true}}')).plans.get('a')?.insert).toEqual({
      rule: 'a',
      from: { kind: 'row' },
      store: 'json',
      ttlMs: null,
      jitter: 0,
      empty: null,
    });
  });

  it('is refused with every mistake at its place', () => {
    expect(
      problemsOf(`rules:
  - name: Product
    table: products
    keys: ["product:{id"]
    action: delet
  - nam: lists
    table: shop.products
    keys: ["category:{category id}:products", "{id}"]
    colums: [price]
    action:
      refresh:
        qury: SELECT 1
        ttl: 10
  - name: card
    table: ["shop.*", "/shop_(\\\\d+.orders/"]
    on: [insert, updated]
    keys: [{id}]
    null_as: NULL
    action:
      refresh:
        query: |
          SELECT id, name
          FROM products WHERE id = :id;
        row: true
        ttl: 10 minutes
        store: hsh
        empty: { value: "" }
  - name: card
    table: shop.x
    on: [insert]
    columns: [a]
    keys: product
    action: {refrsh: {row: true}}
  - just text
`),
    ).toEqual([
      '2:11 `rules[0].name`: only a-z, 0-9, dot, underscore and dash',
      '3:12 `rules[0].table`: the database is missing',
      '4:21 `rules[0].keys[0]`: a `{` is never closed',
      '5:13 `rules[0].action`: expected `delete` or a mapping, not `delet`',
      '6:5 unknown option `rules[1].nam`',
      '8:23 `rules[1].keys[0]`: `category id` is no column name',
      '8:48 `rules[1].keys[1]`: this key would be empty when its columns are',
      '9:5 unknown option `rules[1].colums`',
      '12:9 unknown option `rules[1].action.refresh.qury`',
      '12:9 `rules[1].action.refresh`: needs exactly one of `query` and `row`',
      '13:14 `rules[1].action.refresh.ttl`: `10` is no duration',
      expect.stringMatching(/^15:25 `rules\[2\]\.table\[1\]`: Invalid regular expression/),
      '16:18 `rules[2].on[1]`: expected `insert`, `update` or `delete`, not `updated`',
      '17:12 `rules[2].keys[0]`: expected text, not a mapping',
      '18:14 `rules[2].null_as`: expected text, not nothing',
      '21:9 `rules[2].action.refresh`: needs exactly one of `query` and `row`',
      '23:39 `rules[2].action.refresh.query`: a `;` separates statements',
      '25:14 `rules[2].action.refresh.ttl`: `10 minutes` is no duration',
      '26:16 `rules[2].action.refresh.store`: expected `json` or `hash`, not `hsh`',
      '27:16 `rules[2].action.refresh.empty.ttl` is missing',
      '28:11 there already is a rule `card` at rules.yaml:14:11',
      '31:14 `rules[3].columns`: only matters for updates, which `on` leaves out',
      '32:11 `rules[3].keys`: expected a list, not text',
      '33:14 unknown option `rules[3].action.refrsh`',
      '34:5 `rules[4]`: expected a mapping, not text',
    ]);
  });

  it.each([
    ['', '1:1 the document: expected a mapping, not nothing'],
    ['rules: []', '1:8 `rules`: has no rule'],
    ['rules: 5', '1:8 `rules`: expected a list, not `5`'],
    [rule('action: {refresh: {row: []}}'), 'name at least one column'],
    [rule('action: {refresh: {row: true, jitter: 10%}}'), 'varies a `ttl` that is not there'],
    [rule('action: {refresh: {row: true, ttl: 1m, jitter: 100%}}'), 'must be less than 100%'],
    [rule('action: {refresh: {row: true, ttl: 0s}}'), 'must be more than nothing'],
    [rule('action: {refresh: {row: true, query: SELECT 1}}'), 'exactly one'],
    [rule('action: {refresh: {query: DELETE FROM x}}'), 'this is no SELECT'],
    [rule('action: {}'), '`rules[0].action`: names neither `delete` nor `refresh`'],
    [rule('null_as: "", action: delete'), 'cannot be empty'],
    [rule('partition_key: "", action: delete'), 'a partition key cannot be empty'],
    [rule('on: [], action: delete'), 'name at least one'],
    [rule('columns: [], action: delete'), 'name at least one'],
  ])('%j is refused', (text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  const remedyOf = (options: string): readonly Problem[] => {
    try {
      rulesOf(rule(options));
      return [];
    } catch (error) {
      if (error instanceof ProblemsError) return error.problems;
      throw error;
    }
  };

  it.each([
    ['ttl: 10', '`10` is no duration', /duration such as 500ms, 10s/],
    ['ttl: 1m, jitter: 5', '`5` is no percentage', /such as 10%/],
    ['ttl: 1m, empty: {ttl: 30}', '`30` is no duration', /duration such as 500ms, 10s/],
    ['ttl: 1m, jitter: 0.5', '`0.5` is no percentage', /such as 10%/],
    ['ttl: "mysql://u:hunter2@h"', '`mysql://***` is no duration', /duration such as/],
  ])('says of %s what is to be written', (option, message, remedy) => {
    const problems = remedyOf(`action: {refresh: {row: true, ${option}}}`);
    expect(problems.map((problem) => problem.message.replace(/^.*?: /, ''))).toEqual([message]);
    expect(problems[0]?.remedy).toMatch(remedy);
  });

  it('is told that there are no merge keys', () => {
    const text = `rules:
  - &base {name: a, table: x.y, keys: ["a:{id}"], action: delete}
  - {<<: *base, name: b}
`;
    expect(problemsOf(text)).toEqual(['3:6 YAML merge keys (<<) are not supported']);
  });

  it('knows where the query of a refresh stands', () => {
    const text = `${rule('action: {refresh: {query: SELECT 1}}')}  - {name: b, table: x.y, keys: ["b:{id}"], action: delete}\n`;
    expect(rulesOf(text).mentions.map(({ query }) => query)).toEqual([
      expect.objectContaining({ file: 'rules.yaml', line: 2, column: 71 }),
      null,
    ]);
  });

  it('shares one name space with the other files', () => {
    const text = rule('action: delete');
    expect(() =>
      loadRules([
        { file: 'b.yaml', text },
        { file: 'a.yaml', text: `# second\n${text}` },
      ]),
    ).toThrow('a.yaml:3:12: there already is a rule `a` at b.yaml:2:12');
  });

  it('is needed', () => {
    expect(() => loadRules([])).toThrow(ProblemsError);
  });
});

describe('the hash of a rule set', () => {
  const hash = (options: string) => rulesOf(rule(options)).hash;

  it('is 12 digits that layout and spelt-out defaults do not change', () => {
    expect(hash('action: delete')).toMatch(/^[0-9a-f]{12}$/);
    expect(hash('on: [delete, insert, update],   action: "delete"')).toBe(hash('action: delete'));
  });

  it('changes with the meaning', () => {
    const deletes = [
      '',
      'on: [insert], ',
      'null_as: "-", ',
      'columns: [a], ',
      `when: op == 'insert', `,
      `when: op == 'delete', `,
      'max_keys: 5, ',
      'flush_above_rows: 5, ',
      'flush_above_rows: never, ',
      'table_changes: ignore, ',
      'table_changes: {alter: {delete: [x]}}, ',
      'table_changes: {alter: {delete: [y]}}, ',
      'partition_key: x, ',
    ].map((options) => hash(`${options}action: delete`));
    const refreshes = ['ttl: 1m', 'ttl: 2m'].map((ttl) => hash(`action: {refresh: {row: true, ${ttl}}}`));
    const lookups = ['tables: [a.t]', 'tables: [a.u]', 'tables: [a.t], cache: 0', 'tables: [a.t], timeout: 1s'].map(
      (options) =>
        rulesOf(
          `rules: [{name: a, table: x.y, keys: ["{lookup.z}:"], action: delete, lookup: {query: "SELECT :b", ${options}}}]`,
        ).hash,
    );
    const mapped = hash('on: {insert: {refresh: {row: true}}, update: delete}');
    const all = [...deletes, ...refreshes, ...lookups, mapped];
    expect(new Set(all).size).toBe(all.length);
  });

  it('is that of what constants and defaults mean, not of how they are written', () => {
    const written = (head: string, options: string) =>
      rulesOf(`${head}\nrules: [{name: a, table: x.y, ${options}}]`).hash;
    const plain = written('', 'keys: ["p:{id}"], action: delete, null_as: x');
    expect(written('constants: {p: "p:"}', 'keys: ["{$p}{id}"], action: delete, null_as: x')).toBe(plain);
    expect(written('defaults: {action: delete, null_as: x}', 'keys: ["p:{id}"]')).toBe(plain);
    expect(written('', 'keys: ["p:{id}"], null_as: x, on: {delete: delete, insert: delete, update: delete}')).toBe(
      plain,
    );
    expect(written('constants: {p: "q:"}', 'keys: ["{$p}{id}"], action: delete, null_as: x')).not.toBe(plain);
  });
});

describe('a delete', () => {
  it('leaves a version only where a refresh may own the same key', () => {
    const [, { versioned } = { versioned: null }] = rulesOf(`rules:
  - {name: card, table: shop.products, keys: ["card:{id}"], action: {refresh: {row: true}}}
  - {name: wipe, table: shop.prices, keys: ["price:{id}", "card:{product_id}", "card:top"], action: delete}
`).rules;
    expect(versioned).toEqual([false, true, true]);
  });

  it('leaves one too where only one operation of a rule refreshes, its own other operations included', () => {
    const { rules } = rulesOf(`rules:
  - {name: card, table: a.b, keys: ["card:{id}"], on: {update: {refresh: {row: true}}, delete: delete}}
  - {name: wipe, table: a.c, keys: ["card:{id}", "other:{id}"], action: delete}
`);
    expect(rules.map(({ versioned }) => versioned)).toEqual([[true], [true, false]]);
  });
});

describe('the example', () => {
  it.each(['config/rules.example.yaml', 'config/demo.rules.yaml'])('%s is right', (path) => {
    expect(loadRules(readRuleFiles([path]).files).rules.length).toBeGreaterThan(3);
  });

  it('of docs/rules.md is right', () => {
    const text = /```yaml\n([^]*?)```/.exec(readFileSync('docs/rules.md', 'utf8'))?.[1] ?? '';
    expect(rulesOf(text).rules).toHaveLength(3);
  });
});
