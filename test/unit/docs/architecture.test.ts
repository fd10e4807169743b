import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ERRORS } from '../../../src/runtime/errors.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const exists = (path: string): boolean => existsSync(new URL(path, root));
const architecture = read('docs/architecture.md');
const operations = read('docs/operations.md');

/** As a title stands in a test file: within quotes that need no escape, or with them escaped. */
function holdsTitle(file: string, title: string): boolean {
  const text = read(file);
  return ["'", '"', '`'].some((quote) => text.includes(quote + title.replaceAll(quote, `\\${quote}`) + quote));
}

/** Everything below a heading, up to the next one of the same level. */
function section(text: string, heading: string): string {
  const from = text.indexOf(`\n${heading}\n`);
  const level = heading.slice(0, heading.indexOf(' ') + 1);
  const to = text.indexOf(`\n${level}`, from + heading.length);
  return from < 0 ? '' : text.slice(from, to < 0 ? undefined : to);
}

/** GitHub's rule for ordinary headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const headings = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '');

describe('docs/architecture.md', () => {
  const paths = [...architecture.matchAll(/\b(?:src|test|config|deploy|bench)\/[\w./-]*\w/g)].map(([path]) => path);

  it('names only files and folders that exist', () => {
    expect(paths.length).toBeGreaterThan(80);
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it('visits no file twice on the journey of a row', () => {
    const journey = section(architecture, "## One row's journey");
    const visited = [...journey.matchAll(/\bsrc\/[\w./-]+\.\w+/g)].map(([path]) => path);
    expect(visited.length).toBeGreaterThan(60);
    expect(visited.filter((path, index) => visited.indexOf(path) !== index)).toEqual([]);
  });

  it('names for each invariant tests that exist under this very title', () => {
    const rows = [...architecture.matchAll(/^\| (I\d) .*$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8']);
    for (const [row, name] of rows) {
      const tests = [...row.matchAll(/`(test\/[^`]+)`: "([^"]+)"/g)];
      if (!row.includes('Not built yet')) expect(tests, name).not.toEqual([]);
      for (const [, file = '', title = ''] of tests) expect(holdsTitle(file, title), `${file}: ${title}`).toBe(true);
    }
  });

  it('links every decision', () => {
    const decisions = readdirSync(new URL('docs/adr/', root));
    expect(decisions.filter((file) => !section(architecture, '## Decisions').includes(`(adr/${file})`))).toEqual([]);
  });

  it('names every port, and every port it names is one', () => {
    const declared = [...read('src/ports.ts').matchAll(/^export interface (\w+) \{[^}]*?\n {2}\w+\(/gm)].map(
      ([, name]) => name,
    );
    const named = [...section(architecture, '## Ports').matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(declared.sort());
  });
});

describe('docs/operations.md', () => {
  const sections = headings(operations);

  it('has a section for every alert', () => {
    const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: { alert: string }[] }[] };
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(alerts.length).toBeGreaterThan(5);
    expect(alerts.filter((alert) => !sections.includes(alert))).toEqual([]);
  });

  it('has a section for every error code', () => {
    expect(Object.keys(ERRORS).filter((code) => !sections.includes(code))).toEqual([]);
  });

  it('has a section for every exit code', () => {
    const codes = [...section(read('docs/errors.md'), '## Exit codes').matchAll(/^\| (\d) /gm)].map(([, code]) => code);
    expect(codes).toContain('3');
    expect(codes.filter((code) => !sections.includes(`Exit code ${code}`))).toEqual([]);
  });
});

it.each([
  'README.md',
  'docs/architecture.md',
  'docs/operations.md',
  'docs/rules.md',
  'docs/deployment.md',
  'docs/fault-runs.md',
])('the links of %s lead somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  const dead = links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? page : new URL(file, new URL(page, root)).pathname.slice(root.pathname.length);
    if (!exists(target)) return true;
    return anchor !== undefined && !headings(read(target)).map(anchorOf).includes(anchor);
  });
  expect(dead).toEqual([]);
});
