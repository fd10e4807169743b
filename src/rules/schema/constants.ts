import { dirname, resolve } from 'node:path';
import type { Environment } from '../../runtime/config/environment.ts';
import { substituteAll } from '../../runtime/config/substitute.ts';
import type { YamlDocument } from '../../runtime/config/yaml-document.ts';
import type { Problem } from '../../runtime/errors.ts';

/** What constants of a rule file may read. */
export interface ConstantSources {
  readonly env: Environment;
  /** Throws if it cannot. Relative names are relative to the rule file. */
  readonly readFile: (path: string) => string;
}

/** Name → text; null where there is none to be had, which is told once, at the constant. */
export type Constants = ReadonlyMap<string, string | null>;

/** The file's constants with what they bring in from the environment and from files. */
export function resolveConstants(
  written: Readonly<Record<string, unknown>>,
  document: YamlDocument,
  { env, readFile }: ConstantSources,
): { readonly constants: Constants; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const constants = new Map<string, string | null>();
  for (const [name, text] of Object.entries(written)) {
    constants.set(name, null);
    if (typeof text !== 'string') continue;
    const before = problems.length;
    const { value } = substituteAll(text, {
      env,
      readFile: (path) => readFile(resolve(dirname(document.file), path)),
      // A constant is a text, whatever it looks like.
      kindOf: () => 'text',
      problem: (_path, message, remedy) =>
        void problems.push(document.problem(['constants', name], `\`constants.${name}\`: ${message}`, remedy)),
    });
    if (problems.length === before) constants.set(name, String(value));
  }
  return { constants, problems };
}
