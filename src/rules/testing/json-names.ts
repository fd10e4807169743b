import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { placeholders } from '../template/template-uses.ts';

/**
 * Names of JSON members that stand in the rules: in the paths of `json` filters, and in conditions. They are the schema's; any other
 * name may be somebody's (`{"ann": true}`). Every word counts, whatever it means there: one too many tells only what the rules tell.
 */
export function jsonNamesIn({ rules }: RuleSet): ReadonlySet<string> {
  return new Set(rules.flatMap(textsOf).flatMap(wordsOf));
}

function textsOf({ keys, partitionKey, when }: CompiledRule): string[] {
  const templates = partitionKey === null ? keys : [...keys, partitionKey];
  const filters = templates.flatMap(placeholders).flatMap((placeholder) => placeholder.filters);
  const paths = filters.filter(({ name }) => name === 'json').flatMap(({ values }) => values.map(String));
  return [...paths, ...(when === null ? [] : [when.text])];
}

/** Bare words, and what stands in quotes. */
function wordsOf(text: string): string[] {
  const quoted = [...text.matchAll(/"([^"]*)"|'([^']*)'|`([^`]*)`/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
  return [...(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []), ...quoted];
}
