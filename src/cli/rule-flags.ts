import { escapeControls } from '../runtime/config/shown.ts';
import { ProblemsError } from '../runtime/errors.ts';

/** For an option that may be given several times: commander alone keeps the last one and says nothing. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Throws ProblemsError for words that belong to no option: most often the other files of a glob that the shell has replaced. */
export function refuseArguments(words: readonly string[], rules: readonly string[]): void {
  const [first] = words;
  if (first === undefined) return;
  const message = `\`${escapeControls(first)}\`${words.length > 1 ? ` and ${words.length - 1} more` : ''}: nothing is expected here`;
  const remedy =
    rules.length === 0
      ? 'Rule files are named with --rules.'
      : "The shell has replaced a glob: put the glob in quotes, as in --rules 'rules/*.yaml', or repeat --rules for each file.";
  throw new ProblemsError('CONFIG_INVALID', [{ message, remedy }]);
}

/** Throws ProblemsError for files of rule tests among those that are named one by one; folders and globs pass them over. */
export function refuseTestFiles(rules: readonly string[]): void {
  const problems = rules
    .filter((path) => /\.test\.ya?ml$/.test(path) && !/[*?]/.test(path))
    .map((path) => ({
      file: escapeControls(path),
      message: 'this is a test file, with tests of rules and no rules',
      remedy: `Run it with \`sluice test ${escapeControls(path)}\`.`,
    }));
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', problems);
}
