import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { recordTests } from '../rule-tests/record.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { jsonNamesIn } from '../rules/testing/json-names.ts';
import type { MaskEffects } from '../rules/testing/mask-effects.ts';
import { Masker } from '../rules/testing/mask.ts';
import { systemClock } from '../runtime/clock.ts';
import { readRuleFiles } from '../runtime/config/rule-files.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import { selectionOf, wrongFlags } from './history-flags.ts';
import { loadAll } from './load-rules.ts';
import { ProgressLine } from './progress.ts';
import type { TestFlags } from './test.ts';
import { writeFile } from './write-file.ts';

const DEFAULT_LIMIT = 100;

/** Writes a new test file; never over one that is there, as somebody may have worked on it. */
export async function recordTo(output: string, flags: TestFlags): Promise<void> {
  const selection = selectionOf(flags);
  if (selection === null)
    throw wrongFlags('--record needs a piece of history', 'Give one of --last, --from and --gtid.');
  if (!/\.test\.ya?ml$/.test(output)) {
    throw wrongFlags(`${output} would not be found as a test file`, 'Give it a name that ends with .test.yaml.');
  }
  // Said before a long history is read; the write refuses it as well.
  if (existsSync(output)) throw wrongFlags(`${output} is there already`, 'Choose another name, or take it away.');
  const paths = flags.rules?.map((path) => resolve(path));
  const { loaded, ruleSet } = loadAll(flags.config, process.env, paths);
  const stop = catchStopSignals(() => undefined);
  const progress = new ProgressLine();
  const limit = flags.limit ?? DEFAULT_LIMIT;
  try {
    const recorded = await recordTests({
      config: loaded.config,
      selection,
      ruleSet,
      ruleFiles: readRuleFiles(paths ?? loaded.config.rules).files,
      output: resolve(output),
      masker: maskerFor(ruleSet, flags),
      maxTests: limit,
      maxChanges: limit,
      env: process.env,
      clock: systemClock,
      signal: stop.signal,
      onProgress: (changes) => progress.show(`${changes} changes read`),
    });
    progress.clear();
    if (recorded.tests === 0) {
      throw wrongFlags(
        'no rule is about any change of this history',
        'Choose another piece, or look with `sluice explain`.',
      );
    }
    writeFile(output, recorded.text, { isNew: true });
    console.log(
      `${output}: ${recorded.tests} tests${recorded.leftOut === 0 ? '' : `; ${recorded.leftOut} transactions left out (more than ${limit} changes, or the table was altered)`}`,
    );
    warnOfMasking(recorded.masking);
  } catch (error) {
    progress.clear();
    if (!stop.signal.aborted) throw error;
  }
  stop.raiseAgain();
}

function maskerFor(ruleSet: RuleSet, { mask, keep }: TestFlags): Masker | null {
  if (mask === false) return null;
  return new Masker({ salt: randomBytes(16), keep: keptColumns(keep), jsonNames: jsonNamesIn(ruleSet) });
}

function warnOfMasking({ changes, columns }: MaskEffects): void {
  if (changes === 0) return;
  const what = changes === 1 ? '1 change matches' : `${changes} changes match`;
  const names = columns.map((name) => `\`${name}\``).join(', ');
  console.error(
    `warning: ${what} other rules once ${names} ${columns.length === 1 ? 'is' : 'are'} masked: use --keep ${columns.join(',')}`,
  );
}

function keptColumns(text: string | undefined): ReadonlySet<string> {
  return new Set((text ?? '').split(',').map((name) => name.trim().toLowerCase()));
}
