import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { situations } from '../../support/cookbook.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/rules.md');

/** The first YAML block below a link to this file. */
const blockOf = (name: string): string => {
  const from = page.indexOf(`(../config/cookbook/${name}.yaml)`);
  return from < 0 ? '' : (/```yaml\n([^]*?)```/.exec(page.slice(from))?.[1] ?? '');
};

const withoutComments = (yaml: string): string =>
  yaml
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .trim();

describe('docs/rules.md', () => {
  it('has twelve situations', () => {
    expect(situations()).toHaveLength(12);
  });

  it.each(situations())('shows situation %s as its file has it, and links its tests', (name) => {
    expect(blockOf(name).trim()).toBe(withoutComments(read(`config/cookbook/${name}.yaml`)));
    expect(page).toContain(`(../config/cookbook/${name}.test.yaml)`);
  });

  it('begins with rules that are right', () => {
    const [, first = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
    expect(loadRules([{ file: 'docs/rules.md', text: first }]).rules).toHaveLength(3);
  });
});
