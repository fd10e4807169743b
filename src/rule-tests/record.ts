/** Composition root of `sluice test --record`: real history → a test file. Reads the source and `read`; writes nothing itself. */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { evaluateHistory, lookupFor } from '../explain.ts';
import type { Clock } from '../ports.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Masker } from '../rules/testing/mask.ts';
import { Recorder, type FileFacts, type RecordedFile } from '../rules/testing/record.ts';
import { RecordingLookup } from '../rules/testing/recording-lookup.ts';
import type { Config } from '../runtime/config/config.ts';
import type { Environment } from '../runtime/config/environment.ts';
import type { HistorySelection } from '../source/history.ts';

export interface RecordOptions {
  readonly config: Config;
  readonly selection: HistorySelection;
  readonly ruleSet: RuleSet;
  /** The rule files and their texts. */
  readonly ruleFiles: readonly { readonly file: string; readonly text: string }[];
  /** The test file that is to be written: the rules are named relative to it. */
  readonly output: string;
  readonly masker: Masker | null;
  readonly maxTests: number;
  readonly maxChanges: number;
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: (changes: number) => void;
}

export async function recordTests(options: RecordOptions): Promise<RecordedFile> {
  const { config, ruleSet } = options;
  const recorder = new Recorder(options);
  const inner = lookupFor(config, [ruleSet], options.clock);
  const lookup = inner === null ? null : new RecordingLookup(inner);
  let changes = 0;
  try {
    // Evaluated although the outcome is not used: it is the evaluation that asks the lookups.
    for await (const { batch } of evaluateHistory({ ...options, ruleSets: [ruleSet], lookup })) {
      recorder.add(batch);
      options.onProgress((changes += batch.changes.length));
      if (recorder.isFull) break;
    }
  } finally {
    await lookup?.close();
  }
  return recorder.finish(factsOf(options), lookup?.answers ?? []);
}

function factsOf({ ruleFiles, output, env }: RecordOptions): FileFacts {
  const rules = ruleFiles.map(({ file }) => relative(dirname(output), file));
  const names = ruleFiles.flatMap(({ text }) =>
    [...text.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*)/g)].map(([, name]) => name ?? ''),
  );
  const set = [...new Set(names)].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { rules, environment: Object.fromEntries(set), schema: schemaFor(dirname(output)) };
}

const SCHEMA = join('schema', 'rule-tests.schema.json');

/** The nearest one, in the folder or above it: as in `config/`. */
function schemaFor(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, SCHEMA))) return relative(folder, join(at, SCHEMA));
    if (at === dirname(at)) return null;
  }
}
