import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, type Problem } from '../errors.ts';

export interface RuleTexts {
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/** The text of each rule file; of a directory, every `*.yaml` and `*.yml` directly in it, in the order of their names. */
export function readRuleFiles(paths: readonly string[]): RuleTexts {
  const problems: Problem[] = [];
  const attempt = <T>(file: string, read: () => T): T[] => {
    try {
      return [read()];
    } catch (error) {
      const message = `cannot read the rules: ${errorMessage(error)}`;
      problems.push({ file, message, remedy: 'Name a rule file or its directory.' });
      return [];
    }
  };
  const files = paths
    .flatMap((path) => attempt(path, () => (statSync(path).isDirectory() ? yamlFiles(path) : [path])))
    .flat()
    .flatMap((file) => attempt(file, () => ({ file, text: readFileSync(file, 'utf8') })));
  return { files, problems };
}

function yamlFiles(directory: string): string[] {
  const files = readdirSync(directory)
    .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(directory, name));
  if (files.length === 0) throw new Error('the directory has no *.yaml or *.yml file');
  return files;
}
