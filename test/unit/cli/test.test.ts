import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerTest } from '../../../src/cli/test.ts';
import { folderWith, runCommand } from '../../support/command-line.ts';

const RULES = "rules:\n  - {name: product, table: shop.products, keys: ['product:{id}'], action: delete}\n";
const GOOD =
  "tests:\n  - {name: deleted, change: {table: shop.products, delete: {id: 7}}, expect: [{delete: 'product:7'}]}\n";
const BAD =
  "tests:\n  - {name: 'wrong <key>', change: {table: shop.products, delete: {id: 7}}, expect: [{refresh: 'product:7'}]}\n";

const run = (...args: string[]) => runCommand(registerTest, 'test', ...args);

describe('sluice test', () => {
  it('finds the tests below a folder, and the rules of the same name beside each', async () => {
    const folder = folderWith({
      'shop/product.yaml': RULES,
      'shop/product.test.yaml': GOOD,
      'deep/er/a.yml': RULES,
      'deep/er/a.test.yml': GOOD,
      '.hidden/b.test.yaml': 'nonsense',
      'node_modules/c.test.yaml': 'nonsense',
    });
    const { code, stdout } = await run(folder);
    expect(stdout.split('\n')).toEqual([
      `ok   ${folder}/deep/er/a.test.yml (1 test)`,
      `ok   ${folder}/shop/product.test.yaml (1 test)`,
      '',
      '2 passed, 0 failed',
    ]);
    expect(code).toBe(0);
  });

  it('says of a failed test where it stands, what is missing, what is too much, and ends with 1', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'r.test.yaml': GOOD + BAD.slice('tests:\n'.length) });
    const { code, stdout } = await run(folder);
    expect(stdout.split('\n')).toEqual([
      `FAIL ${folder}/r.test.yaml (2 tests)`,
      `  ✗ ${folder}/r.test.yaml:3  wrong <key>`,
      '      - refresh: product:7   expected, but it does not happen',
      '          it is deleted, not refreshed',
      '      + delete: product:7  rule: product   happens, but is not expected',
      '',
      '1 passed, 1 failed',
    ]);
    expect(code).toBe(1);
  });

  it('tests the rules that the file names, relative to it, with the environment of the file and no other', async () => {
    const rules = `constants: {prefix: '\${PREFIX:-none}', home: '\${HOME:-none}'}\nrules:\n  - {name: p, table: x.y, keys: ['{$prefix}:{$home}:{id}'], action: delete}\n`;
    const test =
      "rules: [../rules/*.yaml]\nenvironment: {PREFIX: t}\ntests:\n  - {name: a, change: {table: x.y, delete: {id: 7}}, expect: [{delete: 't:none:7'}]}\n";
    const folder = folderWith({ 'rules/a.yaml': rules, 'rules/b.test.yaml': GOOD, 'tests/a.test.yaml': test });
    expect(await run(join(folder, 'tests'))).toMatchObject({ code: 0 });
  });

  it('says what is wrong with the file together with rules that are not there', async () => {
    const folder = folderWith({ 'a.test.yaml': `rules: nowhere.yaml\n${GOOD.replace('expect', 'expct')}` });
    const { code, stderr } = await run(folder);
    expect(stderr).toContain('unknown option `tests[0].expct`');
    expect(stderr).toContain('nowhere.yaml: cannot read the rules');
    expect(code).toBe(2);
  });

  it('tests other rules when they are named, and only tests of a name', async () => {
    const other = RULES.replace('product:{id}', 'p:{id}');
    const folder = folderWith({
      'r.yaml': RULES,
      'r.test.yaml': GOOD + BAD.slice('tests:\n'.length),
      'o/other.yaml': other,
    });
    expect(await run(folder, '--filter', 'DELE')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 passed') as string,
    });
    expect(await run(folder, '--rules', join(folder, 'o'))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('p:7') as string,
    });
  });

  it.each([
    ['there is no test', {}, [], 'there is no *.test.yaml'],
    [
      'no test has the name',
      { 'r.yaml': RULES, 'r.test.yaml': GOOD },
      ['--filter', 'x'],
      'no test has `x` in its name',
    ],
    [
      'a test file is wrong',
      { 'r.yaml': RULES, 'r.test.yaml': 'tests: []\n' },
      [],
      'r.test.yaml:1:8: `tests`: has no test',
    ],
    ['a rule file is wrong', { 'r.yaml': 'rules: []\n', 'r.test.yaml': GOOD }, [], 'r.yaml:1:8: `rules`'],
    ['the rules are not there', { 'r.test.yaml': GOOD }, [], 'r.yaml: cannot read the rules'],
    ['history is named without --record', {}, ['--last', '5'], 'only needed with --record'],
    [
      'two pieces of history are',
      {},
      ['--last', '5', '--gtid', '0-1-1'],
      '--last, --from and --gtid exclude each other',
    ],
    ['--to stands alone', {}, ['--to', 'a:4'], '--to needs --from'],
    ['--from is no place', {}, ['--from', 'a'], 'Use FILE:OFFSET'],
    ['--record names no test file', {}, ['--record', 'a.yaml', '--last', '1'], 'ends with .test.yaml'],
    ['--record has no history', {}, ['--record', 'a.test.yaml'], '--record needs a piece of history'],
  ])('ends with 2 when %s', async (_title, files, args, message) => {
    const { code, stderr, stdout } = await run(folderWith(files), ...args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('tells everything that is wrong in any file at once', async () => {
    const folder = folderWith({
      'r.yaml': 'rules: []\n',
      'r.test.yaml': GOOD,
      's.test.yaml': 'tests: []\n',
      't.yaml': RULES,
      't.test.yaml': GOOD,
    });
    const { stderr } = await run(folder);
    expect(stderr).toContain('3 problems');
  });

  it('writes JUnit XML that says the same', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'r.test.yaml': GOOD + BAD.slice('tests:\n'.length) });
    await run(folder, '--junit', join(folder, 'report.xml'));
    const xml = readFileSync(join(folder, 'report.xml'), 'utf8');
    expect(xml).toContain('<testsuites tests="2" failures="1">');
    expect(xml).toContain(
      `<testcase name="deleted" classname="${folder}/r.test.yaml" file="${folder}/r.test.yaml" line="2"/>`,
    );
    expect(xml).toContain('<testcase name="wrong &lt;key&gt;"');
    expect(xml).toContain('<failure message="1 missing, 1 unexpected">');
  });

  it('prints one JSON object for a program', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'r.test.yaml': GOOD + BAD.slice('tests:\n'.length) });
    const { stdout } = await run(folder, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      passed: 1,
      failed: 1,
      files: [
        {
          file: `${folder}/r.test.yaml`,
          tests: [
            { name: 'deleted', line: 2, passed: true },
            {
              passed: false,
              missing: [{ expected: 'refresh: product:7', hints: ['it is deleted, not refreshed'] }],
              unexpected: ['delete: product:7  rule: product'],
            },
          ],
        },
      ],
    });
  });

  it('never writes over a file that is there', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'r.test.yaml': GOOD });
    const { code, stderr } = await run('--record', join(folder, 'r.test.yaml'), '--last', '1');
    expect(stderr).toContain('r.test.yaml is there already');
    expect(code).toBe(2);
    expect(readFileSync(join(folder, 'r.test.yaml'), 'utf8')).toBe(GOOD);
  });
});
