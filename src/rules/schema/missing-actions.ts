import { didYouMean } from '../../runtime/config/did-you-mean.ts';
import { formatPath } from '../../runtime/config/path.ts';
import type { YamlDocument } from '../../runtime/config/yaml-document.ts';
import type { Problem } from '../../runtime/errors.ts';
import { isMapping } from './schema-values.ts';
import { sharedOptions } from './shared-options.ts';

const REMEDY = 'Add it: `delete`, or `refresh:` with its options; here, or in `defaults` for every rule of the file.';

/** Rules that nobody tells what to do. Looked for in what is written, so that it is told beside other mistakes. */
export function missingActions(document: YamlDocument, value: unknown): Problem[] {
  const { rules, defaults } = isMapping(value) ? value : {};
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown, index) => {
    if (!isMapping(rule) || mayAct(rule) || byDefault(rule, defaults)) return [];
    const path = ['rules', index];
    return [document.problem(path, `\`${formatPath([...path, 'action'])}\` is missing`, REMEDY)];
  });
}

function byDefault(rule: Readonly<Record<string, unknown>>, defaults: unknown): boolean {
  if (!isMapping(defaults)) return defaults !== undefined;
  // An `on` of the rule itself takes the place of the one in `defaults`, with its actions.
  return mayAct(rule['on'] === undefined ? defaults : { ...defaults, on: undefined });
}

/** A misspelt `acton` is told as such, and a merge key might have brought the action in. */
function mayAct(options: Readonly<Record<string, unknown>>): boolean {
  if (options['action'] !== undefined || isMapping(options['on'])) return true;
  return Object.keys(options).some(
    (name) => name === '<<' || (!Object.hasOwn(sharedOptions, name) && didYouMean(name, ['action']) !== undefined),
  );
}
