/** Which test files there are, and which rules each of them tests. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { YamlDocument } from '../runtime/config/yaml-document.ts';
import { ProblemsError, errorMessage, type Problem } from '../runtime/errors.ts';

const IS_TEST = /\.test\.ya?ml$/;
const PASSED_OVER = new Set(['node_modules']);

/** Files as they are named, and every `*.test.yaml` in a directory or below it. Throws ProblemsError if there is none. */
export function findTestFiles(paths: readonly string[]): string[] {
  const problems: Problem[] = [];
  const files = [...new Set(paths.flatMap((path) => filesAt(path, problems)))];
  if (files.length === 0 && problems.length === 0) {
    const message = `there is no *.test.yaml in ${paths.join(', ')}`;
    const remedy = 'Write one beside the rules, or let `sluice test --record` make one of real history.';
    problems.push({ message, remedy });
  }
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', problems);
  return files;
}

function filesAt(path: string, problems: Problem[]): string[] {
  try {
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  } catch (error) {
    problems.push({
      file: path,
      message: `cannot be read: ${errorMessage(error)}`,
      remedy: 'Name a test file or a directory.',
    });
    return [];
  }
}

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      return entry.name.startsWith('.') || PASSED_OVER.has(entry.name) ? [] : filesBelow(path);
    }
    return IS_TEST.test(entry.name) ? [path] : [];
  });
}

/** The rules of a test file: those it names, relative to itself, or the file of the same name without `.test`. */
export function rulesOf(file: string, named: readonly string[] | null): string[] {
  if (named !== null) return named.map((path) => resolve(dirname(file), path));
  const base = file.replace(IS_TEST, '');
  const found = [`${base}.yaml`, `${base}.yml`].find((candidate) => existsSync(candidate));
  // What cannot be found is named in the message about it.
  return [found ?? `${base}.yaml`];
}

/** The rules that a test file names, even if it is wrong otherwise: for watching it. */
export function rulesNamedIn(file: string, text: string): string[] {
  const document = new YamlDocument(file, text);
  const value = document.value();
  const named: unknown = typeof value === 'object' && value !== null ? (value as { rules?: unknown }).rules : undefined;
  const list: readonly unknown[] = Array.isArray(named) ? named : [named];
  const texts = list.filter((each) => typeof each === 'string');
  return rulesOf(file, texts.length === 0 ? null : texts);
}
