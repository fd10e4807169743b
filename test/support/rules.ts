import { ProblemsError } from '../../src/runtime/errors.ts';
import { loadRules } from '../../src/rules/rule-file.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';

/** The rule set of one file's text. */
export function rulesOf(text: string): RuleSet {
  return loadRules([{ file: 'rules.yaml', text }]);
}

/** `line:column message` of every problem of the text; empty if there is none. */
export function problemsOf(text: string): string[] {
  try {
    rulesOf(text);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}
