import { describe, expect, it } from 'vitest';
import { ProblemsError } from '../../../src/runtime/errors.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { printTemplate } from '../../../src/rules/template/template-print.ts';
import { problemsOf, rulesOf } from '../../support/rules.ts';

const REFRESH = '{refresh: {row: true}}';

describe('defaults', () => {
  it('hold for every rule that does not say otherwise', () => {
    const { rules } = rulesOf(`
defaults: {on: [insert, delete], null_as: "NULL", action: ${REFRESH}, max_keys: 7, flush_above_rows: never, table_changes: ignore}
rules:
  - {name: a, table: x.y, keys: [k]}
  - {name: b, table: x.y, keys: [k], on: [update], null_as: x, action: delete, max_keys: 8, flush_above_rows: 9, table_changes: {drop: flush}}
`);
    expect(rules[0]).toMatchObject({ nullText: 'NULL', maxKeys: 7, flushAboveRows: null });
    expect(Object.entries(rules[0]?.actions ?? {}).map(([name, { kind }]) => [name, kind])).toEqual([
      ['insert', 'refresh'],
      ['delete', 'refresh'],
    ]);
    expect(rules[0]?.tableChanges.alter).toEqual({ kind: 'ignore' });
    expect(rules[1]).toMatchObject({
      nullText: 'x',
      maxKeys: 8,
      flushAboveRows: 9,
      actions: { update: { kind: 'delete' } },
    });
    expect(Object.keys(rules[1]?.actions ?? {})).toEqual(['update']);
    // The whole option is the rule's own: what it does not name is what the language says, not the file's default.
    expect(rules[1]?.tableChanges).toMatchObject({ drop: { kind: 'flush' }, alter: { kind: 'flush' } });
  });

  it('may name an action per operation, which an action of the rule takes the place of', () => {
    const { rules } = rulesOf(`
defaults: {on: {insert: delete, update: ${REFRESH}}}
rules:
  - {name: a, table: x.y, keys: [k]}
  - {name: b, table: x.y, keys: [k], action: delete}
`);
    expect(rules[0]?.actions).toMatchObject({ insert: { kind: 'delete' }, update: { kind: 'refresh' } });
    expect(rules[1]?.actions).toMatchObject({ insert: { kind: 'delete' }, update: { kind: 'delete' } });
  });

  it('are those of their own file', () => {
    const files = [
      { file: 'a.yaml', text: 'defaults: {action: delete}\nrules: [{name: a, table: x.y, keys: [k]}]' },
      { file: 'b.yaml', text: 'rules: [{name: b, table: x.y, keys: [k]}]' },
    ];
    expect(() => loadRules(files)).toThrow('b.yaml:1:9: `rules[0].action` is missing');
  });
});

describe('a delete that is done again', () => {
  const AGAIN = '{delete: {again_after: 1s}}';

  it('says so by rule, by operation and by default, and flushes as late as the longest of them', () => {
    const { rules } = rulesOf(`
defaults: {action: ${AGAIN}}
rules:
  - {name: a, table: x.y, keys: [k]}
  - {name: b, table: x.y, keys: [k], on: {insert: delete, update: ${AGAIN}, delete: {delete: {again_after: 2m}}}}
  - {name: c, table: x.y, keys: [k], action: delete}
`);
    const timesOf = (place: number) =>
      Object.values(rules[place]?.actions ?? {}).map((action) => (action.kind === 'delete' ? action.againAfterMs : -1));
    expect([0, 1, 2].map(timesOf)).toEqual([
      [1_000, 1_000, 1_000],
      [null, 1_000, 120_000],
      [null, null, null],
    ]);
    expect(rules.map(({ againAfterMs }) => againAfterMs)).toEqual([1_000, 120_000, null]);
  });

  it('is another rule by its hash, while a plain delete is what it was before there was a choice', () => {
    const hashOf = (action: string): string =>
      rulesOf(`rules: [{name: a, table: x.y, keys: [k], action: ${action}}]`).hash;
    const hashes = ['delete', AGAIN, '{delete: {again_after: 2s}}'].map(hashOf);
    expect(new Set(hashes).size).toBe(3);
    expect(hashOf('{delete: {again_after: 1000ms}}')).toBe(hashes[1]);
  });
});

describe('an `on` of actions', () => {
  it('gives a plan to the operations that refresh, and to no other', () => {
    const { plans } = rulesOf(`rules: [{name: a, table: x.y, keys: [k], on: {insert: delete, update: ${REFRESH}}}]`);
    expect(Object.keys(plans.get('a') ?? {})).toEqual(['update']);
  });
});

describe('constants', () => {
  const keyOf = (constant: string, env: Record<string, string>, files: Record<string, string> = {}): string => {
    const text = `constants: {p: '${constant}'}\nrules: [{name: a, table: x.y, keys: ["{$p}:{id}"], partition_key: "{$p}{id}", action: delete, table_changes: {drop: {delete: ["{$p}:all"]}}}]`;
    const readFile = (path: string) => {
      const found = files[path];
      if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
      return found;
    };
    const [rule] = loadRules([{ file: '/etc/sluice/rules.yaml', text }], { env, readFile }).rules;
    const drop = rule?.tableChanges.drop;
    const templates = [
      ...(rule?.keys ?? []),
      ...(rule?.partitionKey === null || rule === undefined ? [] : [rule.partitionKey]),
      ...(drop?.kind === 'delete' ? drop.keys : []),
    ];
    return templates.map(printTemplate).join(' ');
  };

  it('are fixed text of every template, whatever braces they hold', () => {
    expect(keyOf('shop', {})).toBe('shop:{id} shop{id} shop:all');
    expect(keyOf('{id}', {})).toBe('{{id}}:{id} {{id}}{id} {{id}}:all');
  });

  it('read the environment, a default for it, and files beside the rule file', () => {
    expect(keyOf('${P}', { P: 'live' })).toBe('live:{id} live{id} live:all');
    expect(keyOf('${P:-dev}', { P: '' })).toBe('dev:{id} dev{id} dev:all');
    expect(keyOf('x-${file:prefix}', {}, { '/etc/sluice/prefix': 'live\n' })).toBe('x-live:{id} x-live{id} x-live:all');
    expect(keyOf('$${P}', {})).toBe('${{P}}:{id} ${{P}}{id} ${{P}}:all');
    expect(() => keyOf('${P}', {})).toThrow('environment variable P is not set');
    expect(() => keyOf('${file:prefix}', {})).toThrow('secret file prefix cannot be read (ENOENT)');
  });

  it('are told apart from captures of the same rule only', () => {
    const text = `constants: {p: x, constructor: y}
rules:
  - {name: a, table: '/s(?<n>\\d+)\\.t/', keys: ['{$p}:{$n}:{$1}:{$constructor}'], action: delete}
  - {name: b, table: x.y, keys: ['{$p}:{id}'], action: delete}
`;
    expect(rulesOf(text).rules.map(({ keys: [key] }) => (key === undefined ? '' : printTemplate(key)))).toEqual([
      'x:{$n}:{$1}:y',
      'x:{id}',
    ]);
  });
});

describe('mistakes', () => {
  it('of constants, defaults and rules are told together', () => {
    expect(
      problemsOf(`constants: {p: '\${NOWHERE}', Q: x}
defaults: {max_keys: 0}
rules:
  - {name: a, table: x.y, keys: ['{$r}:{id}']}
  - {name: b, table: y, keys: ['{$p}{id}'], action: delete}
`),
    ).toEqual([
      '1:16 `constants.p`: environment variable NOWHERE is not set',
      '1:30 `constants.Q`: `Q` is no name',
      '2:22 `defaults.max_keys`: must be a whole number from 1 to 1000',
      '4:5 `rules[0].action` is missing',
      '4:36 `rules[0].keys[0]`: `$r` is neither a constant nor a capture of `table`',
      '5:22 `rules[1].table`: the database is missing',
    ]);
  });

  it.each([
    ['constants: {prefix: a}\nrules: [{name: a, table: x.y, keys: ["{$prefx}:"], action: delete}]', '`prefix`'],
    [`rules: [{name: a, table: '/x(?<year>1)\\.y/', keys: ["{$yaer}:"], action: delete}]`, '`year`'],
    ['rules: [{name: a, table: x.y, keys: [k], action: delete, whn: x}]', '`when`'],
    ['rules: [{name: a, table: x.y, keys: [k], action: delete, table_change: flush}]', '`table_changes`'],
    ['rules: [{name: a, table: x.y, keys: [k], action: delete, when: "op == \'updat\'"}]', '`update`'],
    ['rules: [{name: a, table: x.y, keys: [k], action: delete, when: "afer.a == 1"}]', '`after`'],
    ['rules: [{name: a, table: x.y, keys: [k], action: delete, when: "after.a.startWith(\'a\')"}]', '`startsWith`'],
    ['rules: [{name: a, table: x.y, keys: ["k:{a | uper}"], action: delete}]', '`upper`'],
    ['rules: [{name: a, table: x.y, keys: [k], action: delete, table_changes: {truncat: flush}}]', '`truncate`'],
  ])('%s: did you mean %s?', (text, meant) => {
    expect(problemsIn(text).map(({ remedy }) => remedy)).toEqual([`Did you mean ${meant}?`]);
  });
});

describe('a warning', () => {
  const warnings = (options: string, keys = '["key:{id}"]'): string[] =>
    rulesOf(`rules:\n  - name: a\n    table: x.y\n    keys: ${keys}\n    action: delete\n${options}`).warnings.map(
      ({ line, column, message }) => `${line}:${column} ${message}`,
    );

  it('tells of a condition that a row can leave unseen', () => {
    expect(warnings('    when: after.status == "active"\n')).toEqual([
      '6:17 rule `a`: `when` looks at `after` only: with update or delete the key of a row that no longer fits stays as it is',
    ]);
  });

  it.each([
    '    when: before.status == "active" || after.status == "active"\n',
    '    when: after.status == "active" || op == "delete"\n',
    '    when: after.status == "active"\n    on: [insert]\n',
    '    when: before.status == "active"\n',
    '    when: table == "y"\n',
  ])('is not made of %j', (options) => {
    expect(warnings(options)).toEqual([]);
  });

  it('tells of an epoch that nothing raises', () => {
    expect(warnings('', '["key:{@epoch}:{id}"]')).toEqual([
      '4:12 rule `a`: `{@epoch}` is always 0, as nothing raises it',
    ]);
    expect(warnings('    table_changes: {truncate: epoch}\n', '["key:{@epoch}:{id}"]')).toEqual([]);
    // The epoch is the table's, not the rule's.
    const other = '  - {name: b, table: x.y, keys: ["other:{@epoch}"], action: delete, table_changes: epoch}\n';
    expect(warnings(other, '["key:{@epoch}:{id}"]')).toEqual([]);
  });
});

describe('mentions', () => {
  it('name every column with its place and its use, every table, every key and every query', () => {
    const text = `defaults: {action: {refresh: {query: "SELECT :q"}}}
rules:
  - name: a
    table: [x.y, 'x.*']
    columns: [c]
    when: before.w != after.w
    lookup: {query: "SELECT :l", tables: [x.z]}
    keys: ['k:{lookup.m}:{id | lower}']
    partition_key: '{p}'
`;
    const [mentions] = rulesOf(text).mentions;
    const place = ({ line, column }: { line: number; column: number }) => `${line}:${column}`;
    expect(mentions?.columns.map((each) => `${place(each)} ${each.use} ${each.name}`)).toEqual([
      '5:15 columns c',
      '6:18 when w',
      '7:29 parameter l',
      '8:27 key id',
      '9:22 partition_key p',
      '1:46 parameter q',
    ]);
    expect(mentions?.columns.find(({ name }) => name === 'id')?.part?.filters.map(({ name }) => name)).toEqual([
      'lower',
    ]);
    expect(mentions?.tables.map((each) => `${place(each)} ${each.pattern.text}`)).toEqual(['4:13 x.y', '4:18 x.*']);
    expect(mentions?.keys.map(place)).toEqual(['8:12']);
    expect(
      [mentions?.place, mentions?.query, mentions?.lookup].map((each) =>
        each === null || each === undefined ? '' : place(each),
      ),
    ).toEqual(['3:11', '1:38', '7:21']);
    expect(mentions?.lookup?.tables.map((each) => `${place(each)} ${each.pattern.text}`)).toEqual(['7:43 x.z']);
  });

  it('name a refresh for several operations once', () => {
    const text =
      'rules: [{name: a, table: x.y, keys: [k], on: {insert: {refresh: {row: [c]}}, delete: {refresh: {row: [d]}}}}]';
    expect(rulesOf(text).mentions[0]?.columns.map(({ name }) => name)).toEqual(['c', 'd']);
    const shared = 'rules: [{name: a, table: x.y, keys: [k], action: {refresh: {row: [c]}}}]';
    expect(rulesOf(shared).mentions[0]?.columns.map(({ name }) => name)).toEqual(['c']);
  });
});

function problemsIn(text: string) {
  try {
    rulesOf(text);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
}
