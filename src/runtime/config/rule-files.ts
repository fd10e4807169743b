import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, type Problem } from '../errors.ts';
import { filesMatching, isGlob } from './file-glob.ts';

export interface RuleTexts {
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/**
 * The text of each rule file, each file once. A path is a file; a directory, of which every `*.yaml` and `*.yml` directly in it
 * counts; or a glob, as in file-glob.ts. Both in the order of the names, and without rule tests (`*.test.yaml`).
 */
export function readRuleFiles(paths: readonly string[]): RuleTexts {
  const problems: Problem[] = [];
  const attempt = <T>(file: string, read: () => T): T[] => {
    try {
      return [read()];
    } catch (error) {
      const message = `cannot read the rules: ${errorMessage(error)}`;
      problems.push({ file, message, remedy: 'Name a rule file, its directory, or a glob such as rules/*.yaml.' });
      return [];
    }
  };
  const seen = new Set<string>();
  const files = paths
    .flatMap((path) => attempt(path, () => filesOf(path)))
    .flat()
    .flatMap((file) => attempt(file, () => ({ file, real: realpathSync(file) })))
    .filter(({ real }) => seen.size < seen.add(real).size)
    .flatMap(({ file }) => attempt(file, () => ({ file, text: readFileSync(file, 'utf8') })));
  return { files, problems };
}

function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined && isGlob(path)) {
    const files = filesMatching(path).filter(isRuleFile);
    if (files.length === 0) throw new Error('no *.yaml or *.yml file matches');
    return files;
  }
  if (found?.isDirectory() !== true) return [path];
  const files = readdirSync(path)
    .filter((name) => isRuleFile(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(path, name));
  if (files.length === 0) throw new Error('the directory has no *.yaml or *.yml file');
  return files;
}

/** Rule tests stand beside the rules, and are read by `sluice test`. */
const isRuleFile = (name: string): boolean => /\.ya?ml$/.test(name) && !/\.test\.ya?ml$/.test(name);
