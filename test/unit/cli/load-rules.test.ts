import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { loadAll } from '../../../src/cli/load-rules.ts';
import { ProblemsError } from '../../../src/runtime/errors.ts';

const SERVERS = "source: {url: 'mysql://u:p@db'}\ntargets: [{name: main, url: 'redis://cache'}]\n";
const RULE = 'rules:\n  - {name: a, table: x.y, keys: ["a:{id}"], action: delete}\n';
const WRONG_RULE = 'rules:\n  - {name: A, table: x, keys: ["a:{id"], action: delet}\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-'));
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
}

/** `file:line` of every problem, and the beginning of its message. */
function problems(env: Readonly<Record<string, string>> = {}, rules?: readonly string[]): string[] {
  try {
    loadAll(join(folder, 'sluice.yaml'), env, rules);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(
      ({ file, line, message }) => `${file?.slice(folder.length + 1)}:${line ?? ''} ${message.split(':')[0]}`,
    );
  }
}

const IN_RULES = [
  'rules.yaml:2 `rules[0].name`',
  'rules.yaml:2 `rules[0].table`',
  'rules.yaml:2 `rules[0].keys[0]`',
  'rules.yaml:2 `rules[0].action`',
];

describe('configuration and rules together', () => {
  it('are loaded when both are right', () => {
    write({ 'sluice.yaml': `rules: rules.yaml\n${SERVERS}`, 'rules.yaml': RULE });
    const { loaded, ruleSet } = loadAll(join(folder, 'sluice.yaml'), {});
    expect(loaded.config.name).toBe('sluice');
    expect(ruleSet.rules).toHaveLength(1);
  });

  it('list the mistakes of both at once', () => {
    write({ 'sluice.yaml': `name: RB\nrules: rules.yaml\n${SERVERS}`, 'rules.yaml': WRONG_RULE });
    expect(problems()).toEqual(['sluice.yaml:1 `name`', ...IN_RULES]);
  });

  it('name every rule file that is missing, beside all else', () => {
    write({
      'sluice.yaml': `name: RB\nrules: [gone.yaml, rules.yaml, lost.yaml, 5]\n${SERVERS}`,
      'rules.yaml': WRONG_RULE,
    });
    expect(problems()).toEqual([
      'sluice.yaml:1 `name`',
      expect.stringMatching(/^sluice.yaml:2 /),
      'gone.yaml: cannot read the rules',
      'lost.yaml: cannot read the rules',
      ...IN_RULES,
    ]);
  });

  it('look at rules in a configuration that is no YAML too', () => {
    write({ 'sluice.yaml': `name: x\nname: y\nrules: rules.yaml\n${SERVERS}`, 'rules.yaml': WRONG_RULE });
    expect(problems()).toEqual([expect.stringMatching(/^sluice.yaml:2 YAML/), ...IN_RULES]);
  });

  it('find the rules by reference and by environment', () => {
    write({ 'sluice.yaml': `name: RB\nrules: "\${WHERE}"\n${SERVERS}`, 'rules.yaml': WRONG_RULE });
    expect(problems({ WHERE: 'rules.yaml' })).toEqual(['sluice.yaml:1 `name`', ...IN_RULES]);
    expect(problems()).toEqual(['sluice.yaml:1 `name`', 'sluice.yaml:2 environment variable WHERE is not set']);
    expect(problems({ SLUICE_RULES: 'rules.yaml' })).toContain(IN_RULES[0]);
  });

  it('take other rules when they are named', () => {
    write({ 'sluice.yaml': `name: RB\nrules: gone.yaml\n${SERVERS}`, 'rules.yaml': WRONG_RULE });
    expect(problems({}, [join(folder, 'rules.yaml')])).toEqual(['sluice.yaml:1 `name`', ...IN_RULES]);
  });

  it('look at rules although there is no configuration', () => {
    write({ 'rules.yaml': WRONG_RULE });
    expect(problems({}, [join(folder, 'rules.yaml')])).toEqual([
      'sluice.yaml: the configuration file cannot be read',
      ...IN_RULES,
    ]);
  });

  it('list every file of a folder that cannot be read', () => {
    write({ 'sluice.yaml': `rules: .\n${SERVERS}`, 'rules.yaml': WRONG_RULE });
    rmSync(join(folder, 'sluice.yaml'));
    mkdirSync(join(folder, 'a.yaml'));
    mkdirSync(join(folder, 'b.yml'));
    expect(problems({}, [folder])).toEqual([
      'sluice.yaml: the configuration file cannot be read',
      'a.yaml: cannot read the rules',
      'b.yml: cannot read the rules',
      ...IN_RULES,
    ]);
  });
});
