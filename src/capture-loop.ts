import { captureStart, type CaptureStartOptions } from './capture-start.ts';
import type { Invalidation } from './model/invalidation.ts';
import type { BinlogCoordinates, Epochs, TransactionEnd } from './model/position.ts';
import type { ChangeBatch } from './model/row-change.ts';
import type { ChangeSource, DeadLetter, DeadLetters, InvalidationPublisher } from './ports.ts';
import { Checkpointer } from './progress/checkpointer.ts';
import { InFlightWindow, type Holding } from './progress/in-flight-window.ts';
import { ReplicationLag } from './progress/replication-lag.ts';
import { Watermark } from './progress/watermark.ts';
import type { RuleEvaluator } from './rules/evaluate/evaluate.ts';
import type { Evaluation } from './rules/evaluate/evaluation.ts';
import { errorMessage } from './runtime/errors.ts';
import type { Metrics } from './runtime/metrics.ts';

export interface CaptureLoopOptions extends CaptureStartOptions {
  /** Names the pipeline in metrics and logs. */
  readonly pipeline: string;
  readonly source: ChangeSource;
  /** The rules in force. Asked when a transaction has ended, so that no transaction is evaluated by two rule sets. */
  readonly evaluator: () => Pick<RuleEvaluator, 'evaluate'>;
  /** What is published before the first batch, by the epochs of the checkpoint and its place. */
  readonly restate: (epochs: Epochs, at: BinlogCoordinates) => readonly Invalidation[];
  readonly publisher: InvalidationPublisher;
  /** Keeps the row changes that a rule could not be applied to. */
  readonly deadLetters: DeadLetters;
  readonly checkpointIntervalMs: number;
  readonly maxInFlight: { readonly batches: number; readonly bytes: number };
  readonly drainTimeoutMs: number;
  readonly metrics: Metrics;
}

/**
 * What an invalidation weighs in memory while it is in flight, beside the bytes of its row: objects, key, origin. Without it
 * a transaction of small rows matched by many rules would hold many times the configured bytes.
 */
const INVALIDATION_BYTES = 500;
/** Both images as JSON values, and as text while they are written. */
const LETTER_BYTES = 2_000;

/**
 * Source → rules → publisher, with the acknowledgements coming back as a watermark and a checkpoint.
 * Runs until aborted, then drains: what is in flight is waited for and the checkpoint saved once more.
 */
export async function runCaptureLoop(options: CaptureLoopOptions, signal: AbortSignal): Promise<void> {
  const { pipeline, clock, logger, metrics, store } = options;
  const start = await captureStart(options, signal);
  const watermark = new Watermark(start);
  const window = new InFlightWindow<BatchEnd>({
    maxBatches: options.maxInFlight.batches,
    maxBytes: options.maxInFlight.bytes,
    onWatermark: ({ end, epochs }) => watermark.advance(end, epochs),
    holding: HOLDING,
  });
  const lag = new ReplicationLag(clock);
  metrics.onScrape(() => {
    metrics.set('sluice_replication_lag_seconds', { pipeline }, lag.nowMs() / 1000);
    metrics.set('sluice_in_flight_batches', { pipeline }, window.batches);
    metrics.set('sluice_in_flight_bytes', { pipeline }, window.sizeBytes);
  });
  const checkpointer = new Checkpointer({
    store,
    intervalMs: options.checkpointIntervalMs,
    clock,
    logger,
    metrics,
    pipeline,
    watermark: () => watermark.current(),
  });
  // A crash before the first periodic save must not begin at a later "now": the start itself is the first checkpoint.
  await checkpointer.save();

  // One failed publish stops everything: later batches may already be acknowledged, the watermark stays before it.
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const saving = checkpointer.run(stop);
  const send = (end: BatchEnd | null, sizeBytes: number, evaluation: Delivered): void => {
    const ticket = window.open(end, sizeBytes + weightOf(evaluation));
    const delivery = deliver(options, evaluation);
    if (delivery === null) window.acknowledge(ticket);
    else {
      delivery.then(
        () => window.acknowledge(ticket),
        (error: unknown) => failure.abort(error),
      );
    }
  };
  let evaluator = options.evaluator();
  let { epochs } = start;
  const restated = options.restate(epochs, start.position.coordinates);
  if (restated.length > 0) send(null, 0, { invalidations: restated, letters: [] });
  let betweenTransactions = true;
  try {
    for await (const batch of options.source.changes(start, stop)) {
      if (stop.aborted) break;
      if (betweenTransactions) evaluator = options.evaluator();
      betweenTransactions = batch.end !== null;
      const result = evaluator.evaluate(batch, { captureTimeMs: clock.now(), epochs, signal: stop });
      // Only lookups wait: without them nothing is put off to a later turn.
      const evaluation = result instanceof Promise ? await result : result;
      epochs = evaluation.epochs;
      send(batch.end === null ? null : { end: batch.end, epochs }, batch.sizeBytes, evaluation);
      // Behind the publish: what is measured should not wait for the measuring.
      noteBatch(options, batch);
      lag.note(batch.commitTimeMs);
      if (!window.hasRoom) await window.room(stop);
    }
  } catch (error) {
    if (!stop.aborted) failure.abort(error);
  }
  await saving;
  if (!failure.signal.aborted) await drain(window, options, failure.signal);
  await saveLast(checkpointer, logger);
  failure.signal.throwIfAborted();
}

/** What a batch moves when everything before it and in it is acknowledged. */
interface BatchEnd {
  readonly end: TransactionEnd;
  readonly epochs: Epochs;
}

/** Of ends that wait for an older batch, coordinates, version and epochs of the newest are enough, but every GTID counts. */
const HOLDING: Holding<BatchEnd> = {
  merge: (older, { end, epochs }) => ({ end: { ...end, gtids: [...older.end.gtids, ...end.gtids] }, epochs }),
  weigh: ({ end }) => end.gtids.length,
  // About 100 MB.
  maxWeight: 1_000_000,
};

type Delivered = Pick<Evaluation, 'invalidations' | 'letters'>;

function weightOf({ invalidations, letters }: Delivered): number {
  return invalidations.length * INVALIDATION_BYTES + letters.length * LETTER_BYTES;
}

/** Resolves when all of it is published and kept; null: there is nothing to deliver. */
function deliver(options: CaptureLoopOptions, { invalidations, letters }: Delivered): Promise<unknown> | null {
  const published = invalidations.length === 0 ? null : options.publisher.publish(invalidations);
  if (letters.length === 0) return published;
  return Promise.all([published, keep(options, letters)]);
}

/** If they cannot be kept the pipeline stops: the checkpoint stays before their rows, so nothing is skipped. */
async function keep(
  { deadLetters, logger, metrics }: CaptureLoopOptions,
  letters: readonly DeadLetter[],
): Promise<void> {
  await deadLetters.keep(letters);
  const counts = new Map<string, { rows: number; readonly first: DeadLetter }>();
  for (const letter of letters) {
    const rule = letter.item.kind === 'unmapped' ? letter.item.rule : '';
    const known = counts.get(rule);
    if (known === undefined) counts.set(rule, { rows: 1, first: letter });
    else known.rows++;
  }
  for (const [rule, { rows, first }] of counts) {
    metrics.count('sluice_unmapped_changes_total', { rule }, rows);
    // One line for a batch: a broken rule would else write as many as the table has rows.
    logger.warn({ rule, rows, place: first.item.place, reason: first.reason }, 'row changes kept as dead letters');
  }
}

/** A stop is not held up by a store that is away: the next start repeats what this checkpoint would have skipped. */
async function saveLast(checkpointer: Checkpointer, logger: CaptureLoopOptions['logger']): Promise<void> {
  try {
    await checkpointer.save();
  } catch (error) {
    logger.error({ reason: errorMessage(error) }, 'the last checkpoint could not be saved; the rest is repeated');
  }
}

async function drain(
  window: InFlightWindow<BatchEnd>,
  options: CaptureLoopOptions,
  failure: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.any([failure, AbortSignal.timeout(options.drainTimeoutMs)]);
  try {
    await window.empty(limit);
  } catch (error) {
    if (failure.aborted) return;
    // Not an error: the checkpoint stands before what is left, and the next start repeats it.
    options.logger.warn(
      { batches: window.batches, reason: errorMessage(error) },
      'drain timed out; the rest is repeated',
    );
  }
}

function noteBatch({ metrics, pipeline }: CaptureLoopOptions, { changes, end, commitTimeMs }: ChangeBatch): void {
  if (changes.length > 0) metrics.count('sluice_row_changes_total', { pipeline }, changes.length);
  // A heartbeat ends no transaction.
  if (end !== null && commitTimeMs !== null) {
    metrics.count('sluice_transactions_total', { pipeline }, Math.max(1, end.gtids.length));
  }
}
