import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { filesMatching } from '../../../../src/runtime/config/file-glob.ts';
import { readRuleFiles } from '../../../../src/runtime/config/rule-files.ts';

/** A folder with these files, each holding its own name. */
function folderOf(...names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
  return folder;
}

/** The names of the files that the paths within the folder mean, or what is wrong. */
function read(folder: string, ...paths: readonly string[]): string[] {
  const { files, problems } = readRuleFiles(paths.map((path) => join(folder, path)));
  const messages = problems.map(({ file, message }) => `${file?.slice(folder.length + 1)}: ${message}`);
  return [...files.map(({ text }) => text), ...messages];
}

describe('reading rule files', () => {
  it('takes the YAML files of a directory in the order of their names, without rule tests', () => {
    const folder = folderOf('b.yml', 'a.yaml', 'notes.md', '.hidden.yaml', 'a.test.yaml', 'b.test.yml', 'sub/c.yaml');
    expect(readRuleFiles([folder])).toEqual({
      files: [
        { file: join(folder, 'a.yaml'), text: 'a.yaml' },
        { file: join(folder, 'b.yml'), text: 'b.yml' },
      ],
      problems: [],
    });
  });

  it('takes what fits a glob, in the order of the paths, without rule tests', () => {
    const folder = folderOf(
      'z.yaml',
      'b/2.yaml',
      'b/1.yml',
      'b/1.test.yml',
      'a/deep/3.yaml',
      'a/notes.md',
      'a/.h/4.yaml',
    );
    expect(read(folder, '*.yaml')).toEqual(['z.yaml']);
    expect(read(folder, '*/*')).toEqual(['b/1.yml', 'b/2.yaml']);
    expect(read(folder, '**/*.yaml')).toEqual(['a/deep/3.yaml', 'b/2.yaml', 'z.yaml']);
    expect(read(folder, '**/?.y*ml')).toEqual(['a/deep/3.yaml', 'b/1.yml', 'b/2.yaml', 'z.yaml']);
    expect(read(folder, '**/deep/**/3.yaml')).toEqual(['a/deep/3.yaml']);
  });

  it('takes a name that begins with a dot only where the glob has the dot', () => {
    const folder = folderOf('.a.yaml', 'b.yaml', '.c/d.yaml');
    expect(read(folder, '*.yaml')).toEqual(['b.yaml']);
    expect(read(folder, '.*.yaml')).toEqual(['.a.yaml']);
    expect(read(folder, '.c/*.yaml')).toEqual(['.c/d.yaml']);
  });

  it('finds globs from the working directory too', () => {
    expect(readRuleFiles(['config/*.example.yaml']).files.map(({ file }) => file)).toContain(
      'config/rules.example.yaml',
    );
  });

  it('takes a file of that very name before it takes it for a glob', () => {
    const folder = folderOf('a*.yaml', 'ab.yaml');
    expect(read(folder, 'a*.yaml')).toEqual(['a*.yaml']);
  });

  it('reads a file once, however many paths lead to it', () => {
    const folder = folderOf('a.yaml', 'b.yaml');
    symlinkSync(join(folder, 'a.yaml'), join(folder, 'c.yaml'));
    expect(read(folder, 'b.yaml', '', '*.yaml', '../'.concat(folder.split('/').at(-1) ?? '', '/a.yaml'))).toEqual([
      'b.yaml',
      'a.yaml',
    ]);
  });

  it('follows links to files, as Kubernetes mounts them, and not those that lead in a circle', () => {
    const folder = folderOf('..data/a.yaml', 'sub/b.yaml');
    symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
    symlinkSync('..', join(folder, 'sub/up'));
    expect(read(folder, '')).toEqual(['..data/a.yaml']);
    expect(read(folder, '**/*.yaml')).toEqual(['..data/a.yaml', 'sub/b.yaml']);
    expect(filesMatching(join(folder, '**/*.yaml'))).toEqual([join(folder, 'a.yaml'), join(folder, 'sub/b.yaml')]);
  });

  it('takes a rule test that is named by itself: whoever names it is told what is wrong with it', () => {
    expect(read(folderOf('a.test.yaml'), 'a.test.yaml')).toEqual(['a.test.yaml']);
  });

  it('says so when there is nothing to read, and reads the rest', () => {
    const folder = folderOf('only.test.yaml', 'sub/notes.md', 'right/a.yaml');
    expect(read(folder, '', 'missing.yaml', 'sub/*', 'no/**/*.yaml', 'right')).toEqual([
      'right/a.yaml',
      ': cannot read the rules: the directory has no *.yaml or *.yml file',
      'sub/*: cannot read the rules: no *.yaml or *.yml file matches',
      'no/**/*.yaml: cannot read the rules: no *.yaml or *.yml file matches',
      expect.stringMatching(/^missing\.yaml: cannot read the rules: ENOENT/),
    ]);
  });
});
