import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { situations } from '../../support/cookbook.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/rules.md');

/** What the command prints in a folder with these files. Rejects when it fails. */
async function cli(files: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    const main = fileURLToPath(new URL('src/main.ts', root));
    const tsx = fileURLToPath(new URL('node_modules/tsx/dist/cli.mjs', root));
    return (await promisify(execFile)(process.execPath, [tsx, main, ...args], { cwd })).stdout;
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

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

describe('the examples of docs/rules.md', () => {
  const block = (language: string, from: number): string =>
    new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page.slice(from))?.[1] ?? '';
  const rules = block('yaml', 0);

  it('of explain prints what the page says', async () => {
    const shown = block('console', page.indexOf('\n## Explain'));
    const change = /--change '([^']*)'/.exec(shown)?.[1] ?? '';
    expect(await cli({ 'rules.yaml': rules }, 'explain', '--rules', 'rules.yaml', '--change', change)).toBe(
      shown.slice(shown.indexOf('\n') + 1),
    );
  });

  it('of test passes', async () => {
    const tests = block('yaml', page.indexOf('\n## Test'));
    const printed = await cli({ 'rules.yaml': rules, 'shop.test.yaml': tests }, 'test', 'shop.test.yaml');
    expect(printed).toContain('1 passed, 0 failed');
  });
});
