import { loadConfig, type LoadedConfig } from '../../../../src/runtime/config/load.ts';
import { ProblemsError, type Problem } from '../../../../src/runtime/errors.ts';

export interface Given {
  readonly text?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files that exist, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly file?: string | null;
}

export function load({ text = '', env = {}, files = {}, file = '/etc/sluice/sluice.yaml' }: Given): LoadedConfig {
  const readFile = (path: string) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return content;
  };
  return loadConfig({ file, text, env, readFile });
}

/** The problems of a configuration that is refused, each as `line:column message`, or `message` alone. */
export function problemsOf(given: Given): string[] {
  return rawProblems(given).map(({ line, column, message }) =>
    line === undefined ? message : `${line}:${column} ${message}`,
  );
}

export function rawProblems(given: Given): readonly Problem[] {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  return [];
}

export const MINIMAL = `rules: rules.yaml
source: {url: 'mysql://sluice:secret@db:3306/shop'}
targets: [{name: main, url: 'redis://cache:6379/1'}]
`;
