import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, ProblemsError } from '../errors.ts';

/** The text of one rule file, or of every `*.yaml` and `*.yml` directly in a directory, in the order of their names. */
export function readRuleFiles(path: string): { file: string; text: string }[] {
  try {
    const files = statSync(path).isDirectory() ? yamlFiles(path) : [path];
    if (files.length === 0) throw new Error('the directory has no *.yaml or *.yml file');
    return files.map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  } catch (error) {
    const message = `cannot read the rules: ${errorMessage(error)}`;
    throw new ProblemsError('CONFIG_INVALID', [{ file: path, message, remedy: 'Name a rule file or its directory.' }]);
  }
}

const yamlFiles = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(directory, name));
