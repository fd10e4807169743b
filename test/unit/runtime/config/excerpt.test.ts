import { describe, expect, it } from 'vitest';
import { ConfigDocument } from '../../../../src/runtime/config/config-document.ts';
import { excerptOf } from '../../../../src/runtime/config/excerpt.ts';
import { formatProblem, ProblemsError } from '../../../../src/runtime/errors.ts';
import { rulesOf } from '../../../support/rules.ts';

describe('an excerpt', () => {
  it('is the line and a caret under the place', () => {
    expect(excerptOf('    table: products', { column: 12 })).toBe('    table: products\n           ^');
  });

  it('points behind the last character too, and no further', () => {
    expect(excerptOf('rules:', { column: 7 })).toBe('rules:\n      ^');
    expect(excerptOf('rules:\r', { column: 9 })).toBe('rules:\n      ^');
  });

  it('shows tabs and what a terminal obeys as one character each, so that the caret stays right', () => {
    expect(excerptOf('\ta: \u001b[31m', { column: 5 })).toBe(' a: \ufffd[31m\n    ^');
    expect(excerptOf('a: "😀" b', { column: 9 })).toBe('a: "😀" b\n       ^');
  });

  it('cuts a long line around the place', () => {
    const line = `${'a'.repeat(200)}X${'b'.repeat(200)}`;
    const [shown = '', caret = ''] = excerptOf(line, { column: 201 })?.split('\n') ?? [];
    expect(shown.length).toBe(102);
    expect([shown.at(0), shown.at(-1)]).toEqual(['…', '…']);
    expect(shown[caret.length - 1]).toBe('X');
    expect(excerptOf(line, { column: 1 })?.split('\n')).toEqual([`${'a'.repeat(100)}…`, '^']);
    const end = excerptOf(line, { column: 402 })?.split('\n') ?? [];
    expect(end[1]?.length).toBe((end[0]?.length ?? 0) + 1);
  });

  it('is none where there is nothing on the line', () => {
    expect(excerptOf('   ', { column: 1 })).toBeUndefined();
  });

  it('shows no login and no password', () => {
    expect(excerptOf('url: mysql://u:hunter2@host/x', { column: 1 })).toBe('url: mysql://*********@host/x\n^');
    expect(excerptOf('{a: 1, password: hunter2, b: 2}', { column: 2 })).toBe('{a: 1, password: **************\n ^');
  });
});

describe('a problem of a rule file', () => {
  it('is printed with its line between message and remedy, and its message for machines is without', () => {
    let error: unknown;
    try {
      rulesOf('rules:\n  - name: a\n    table: products\n    keys: [k]\n    action: delete\n');
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof ProblemsError)) throw error;
    expect(error.problems.map(formatProblem)).toEqual([
      [
        'rules.yaml:3:12: `rules[0].table`: the database is missing',
        '    |     table: products',
        '    |            ^',
        '    remedy: Write `database.table`, for example "shop.products".',
      ].join('\n'),
    ]);
    expect(error.message).toBe(
      'rules.yaml:3:12: `rules[0].table`: the database is missing\n    remedy: Write `database.table`, for example "shop.products".',
    );
  });
});

describe('a problem of the configuration', () => {
  const document = new ConfigDocument(
    'sluice.yaml',
    'source:\n  host: x\n  pasword: hunter2\ntargets: [{name: a, hunter2: b, pass: hunter2}]\nlog: {level: hunter2}\n',
    [],
  );

  it('shows the option that is unknown, without its value', () => {
    expect(document.problem(['source', 'pasword'], 'unknown', 'Remove it.', 'key').excerpt).toBe('  pasword:\n  ^');
  });

  it('shows no value, and nothing of a line with several options', () => {
    expect(document.problem(['source', 'pasword'], 'wrong', 'Mend it.')).not.toHaveProperty('excerpt');
    expect(document.problem(['log', 'level'], 'wrong', 'Mend it.')).not.toHaveProperty('excerpt');
    expect(document.problem(['targets', 0, 'hunter2'], 'unknown', 'Remove it.', 'key')).not.toHaveProperty('excerpt');
  });

  it('shows nothing of a line that is no YAML', () => {
    const broken = new ConfigDocument('sluice.yaml', 'source: "mysql://u:hunter2@h\n', []);
    expect(JSON.stringify(broken.syntaxProblems())).not.toContain('hunter2');
  });
});
