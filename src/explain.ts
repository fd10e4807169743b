/** Composition root of questions about the past: history → the evaluator of the capture, once per rule set; nothing is published. */
import { hostname } from 'node:os';
import { BinlogDecoder } from './decode/binlog-decoder.ts';
import { NO_EPOCHS, type Epochs } from './model/position.ts';
import type { ChangeBatch } from './model/row-change.ts';
import type { Clock, RowLookup } from './ports.ts';
import { RuleEvaluator } from './rules/evaluate/evaluate.ts';
import type { Evaluation } from './rules/evaluate/evaluation.ts';
import type { RuleSet } from './rules/rule-set.ts';
import type { Config } from './runtime/config/config.ts';
import { silentLogger } from './runtime/logger.ts';
import { readHistory, type HistorySelection } from './source/history.ts';
import { MysqlRowLookup } from './source/row-lookup.ts';
import { deriveServerId } from './source/server-id.ts';

/** Explaining counts nothing: the metrics belong to the daemon. */
export const NO_METRICS = { count: () => undefined, set: () => undefined };

export interface HistoryRun {
  readonly config: Config;
  readonly selection: HistorySelection;
  readonly ruleSets: readonly RuleSet[];
  /** Answers lookups; null when no rule has one. Not closed here. */
  readonly lookup: RowLookup | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface EvaluatedBatch {
  readonly batch: ChangeBatch;
  /** What it means by each rule set, in their order. */
  readonly evaluations: readonly Evaluation[];
}

/**
 * The batches of the selected history in commit order, evaluated as `sluice run` would: same decoder, same versions, same evaluator.
 * Two things can differ: epochs that were raised before the history begins are not known and count as 0, and lookups
 * read the database as it is now. Throws coded errors of the source, and the signal's reason.
 */
export function evaluateHistory(run: HistoryRun): AsyncGenerator<EvaluatedBatch, void, void> {
  return evaluateBatches(historyOf(run), run);
}

/** The same of batches that are there already; a part of a transaction comes together with an end that has no change of its own. */
export async function* evaluateBatches(
  batches: AsyncIterable<ChangeBatch>,
  { ruleSets, lookup, clock, signal }: Pick<HistoryRun, 'ruleSets' | 'lookup' | 'clock' | 'signal'>,
): AsyncGenerator<EvaluatedBatch, void, void> {
  const evaluators = ruleSets.map((ruleSet) => new RuleEvaluator({ ruleSet, metrics: NO_METRICS, lookup, clock }));
  let epochs: readonly Epochs[] = ruleSets.map(() => NO_EPOCHS);
  // The flush of a large transaction comes with its end, and whoever shows it needs a change to show it with.
  let part: EvaluatedBatch | null = null;
  for await (const batch of batches) {
    const captureTimeMs = clock.now();
    const evaluations: Evaluation[] = [];
    for (const [index, evaluator] of evaluators.entries()) {
      evaluations.push(await evaluator.evaluate(batch, { captureTimeMs, epochs: epochs[index] ?? NO_EPOCHS, signal }));
    }
    epochs = evaluations.map((evaluation) => evaluation.epochs);
    const evaluated: EvaluatedBatch = { batch, evaluations };
    if (part !== null && batch.changes.length === 0) part = joined(part, evaluated);
    else {
      if (part !== null) yield part;
      part = evaluated;
    }
    if (batch.end === null) continue;
    yield part;
    part = null;
  }
  if (part !== null) yield part;
}

/** What the end of a transaction brings, beside the changes before it. */
function joined({ batch, evaluations }: EvaluatedBatch, end: EvaluatedBatch): EvaluatedBatch {
  return {
    batch: { ...batch, end: end.batch.end },
    evaluations: end.evaluations.map((evaluation, index) => ({
      ...evaluation,
      invalidations: [...(evaluations[index]?.invalidations ?? []), ...evaluation.invalidations],
      letters: [...(evaluations[index]?.letters ?? []), ...evaluation.letters],
    })),
  };
}

function historyOf({ config, selection, clock, signal }: HistoryRun): AsyncGenerator<ChangeBatch, void, void> {
  const { source, name } = config;
  return readHistory({
    ...source,
    // An id of its own: with the daemon's, the server would end the daemon's connection.
    serverId: deriveServerId(`${name}.explain`, hostname()),
    name: `${name}.explain`,
    maxBufferedBytes: source.maxChunkBytes,
    createDecoder: (from, { lowerCaseNames }) =>
      new BinlogDecoder({
        from,
        maxChunkBytes: source.maxChunkBytes,
        maxHeldBytes: source.maxXaBytes,
        lowerCaseNames,
        resumable: false,
      }),
    selection,
    clock,
    logger: silentLogger,
    signal,
  });
}

/** Reads from `read`, as the daemon does; null when no rule has a lookup. To be closed by the caller. */
export function lookupFor({ read }: Config, ruleSets: readonly RuleSet[], clock: Clock): RowLookup | null {
  const isNeeded = ruleSets.some(({ rules }) => rules.some(({ lookup }) => lookup !== null));
  return isNeeded ? new MysqlRowLookup({ ...read, clock }) : null;
}
