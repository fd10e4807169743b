import { gapOf, Gaps, type Gap } from './gap.ts';
import { captureStart, type CaptureStartOptions } from './start.ts';
import { endCapture } from './stop.ts';
import type { GapPolicy } from '../model/gap.ts';
import type { Invalidation } from '../model/invalidation.ts';
import { NO_EPOCHS, type BinlogCoordinates, type Epochs, type TransactionEnd } from '../model/position.ts';
import { endsTransaction, type ChangeBatch } from '../model/row-change.ts';
import { NO_VERSION } from '../model/version.ts';
import { weigh, weighValue } from '../model/weight.ts';
import type { ChangeSource, DeadLetter, DeadLetters, InvalidationPublisher } from '../ports.ts';
import { Checkpointer } from '../progress/checkpointer.ts';
import { claimToken } from '../progress/claim-token.ts';
import { InFlightWindow, type Holding } from '../progress/in-flight-window.ts';
import { ReplicationLag } from '../progress/replication-lag.ts';
import { untilWritten } from '../progress/store-retry.ts';
import { Watermark, type Progress } from '../progress/watermark.ts';
import type { RuleEvaluator } from '../rules/evaluate/evaluate.ts';
import type { Evaluation } from '../rules/evaluate/evaluation.ts';
import type { GapFlush, GapFlushOptions } from '../rules/evaluate/gap-flush.ts';
import type { DeadLetterLimit } from '../runtime/dead-letter-limit.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { keepTrace } from './start-trace.ts';

export interface CaptureLoopOptions extends CaptureStartOptions {
  /** Names the pipeline in metrics and logs. */
  readonly pipeline: string;
  readonly source: ChangeSource;
  /** The rules in force. Asked when a transaction has ended, so that no transaction is evaluated by two rule sets. */
  readonly evaluator: () => Pick<RuleEvaluator, 'evaluate'>;
  readonly onGap: GapPolicy;
  /** What is published when changes may have been missed. */
  readonly bridge: (gap: GapFlushOptions) => GapFlush;
  /** What is published before the first batch, and now and then, by the epochs and the place of the checkpoint. */
  readonly restate: (epochs: Epochs, at: BinlogCoordinates) => readonly Invalidation[];
  readonly publisher: InvalidationPublisher;
  /** Keeps the row changes that a rule could not be applied to. */
  readonly deadLetters: DeadLetters;
  /** Says when it is too many of them; left out: never. */
  readonly letterLimit?: DeadLetterLimit;
  readonly checkpointIntervalMs: number;
  readonly maxInFlight: { readonly batches: number; readonly bytes: number };
  readonly drainTimeoutMs: number;
  readonly metrics: Metrics;
}

/** Epochs are said again so often: the record of one may be lost with its topic, or the key with its cache, and no flush brings it back. */
const RESTATE_AFTER_MS = 60_000;
/** A dead letter without its images. */
const LETTER_BYTES = 2_000;

/**
 * Source → rules → publisher, with the acknowledgements coming back as a watermark and a checkpoint.
 * Runs until aborted, then drains: what is in flight is waited for and the checkpoint saved once more.
 */
export async function runCaptureLoop(options: CaptureLoopOptions, signal: AbortSignal): Promise<void> {
  const { pipeline, clock, logger, metrics, store } = options;
  // Before the load: whoever had the pipeline until now can save nothing any more that this start would not see.
  const token = await claimToken(options, signal);
  const gaps = new Gaps(options);
  const start = await captureStart(options, signal);
  // The old checkpoint stays until a gap is behind us: a crash before that finds the gap again.
  const watermark = new Watermark(start.progress);
  const window = new InFlightWindow<BatchEnd>({
    maxBatches: options.maxInFlight.batches,
    maxBytes: options.maxInFlight.bytes,
    onWatermark: ({ jump, end, epochs }) => {
      if (jump !== null) watermark.jump(jump);
      if (end !== null) watermark.advance(end, epochs);
    },
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
    token,
    intervalMs: options.checkpointIntervalMs,
    clock,
    logger,
    metrics,
    pipeline,
    watermark: () => watermark.current(),
  });
  // A crash before the first periodic save must not begin at a later "now": the start itself is the first checkpoint.
  const first = { write: () => checkpointer.save(), complaint: 'the first checkpoint cannot be saved yet' };
  await untilWritten(options, first, signal);

  // One failed publish stops everything: later batches may already be acknowledged, the watermark stays before it.
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const saving = checkpointer.run(stop).catch((error: unknown) => failure.abort(error));
  const tracing = keepTrace(options, stop);
  const send = (end: BatchEnd | null, sizeBytes: number, evaluation: Delivered, onDone?: () => void): void => {
    const ticket = window.open(end, sizeBytes + weightOf(evaluation));
    const done = (): void => {
      window.acknowledge(ticket);
      onDone?.();
    };
    const delivery = deliver(options, evaluation);
    if (delivery === null) done();
    else delivery.then(done, (error: unknown) => failure.abort(error));
  };
  let evaluator = options.evaluator();
  let epochs = start.progress?.epochs ?? NO_EPOCHS;
  let lastVersion = start.progress?.lastVersion ?? NO_VERSION;
  let restatedMs: number | null = null;

  /** Resolves with where to go on behind the gap, once the flush is on its way. */
  const leap = async (gap: Gap): Promise<Progress> => {
    const { progress, invalidations } = await gaps.bridge(gap, stop);
    ({ epochs, lastVersion } = progress);
    const end = { jump: progress, end: null, epochs };
    send(end, 0, { invalidations, letters: [] }, gaps.bridged);
    // The flush has raised every epoch that anybody could say again.
    if (invalidations.length > 0) restatedMs = clock.monotonicMs();
    return progress;
  };

  /** Resolves with the gap that ends the stream; null: it was stopped. */
  const stream = async (from: Progress): Promise<Gap | null> => {
    let betweenTransactions = true;
    try {
      for await (const batch of options.source.changes(from, stop)) {
        if (stop.aborted) break;
        gaps.passed();
        if (restatedMs === null || clock.monotonicMs() - restatedMs >= RESTATE_AFTER_MS) {
          // Not before the source has accepted the position: behind a gap it is not for certain.
          restatedMs = clock.monotonicMs();
          const { position } = watermark.current() ?? from;
          const invalidations = options.restate(epochs, position.coordinates);
          if (invalidations.length > 0) send(null, 0, { invalidations, letters: [] });
        }
        if (betweenTransactions) evaluator = options.evaluator();
        betweenTransactions = endsTransaction(batch);
        const result = evaluator.evaluate(batch, { captureTimeMs: clock.now(), epochs, signal: stop });
        // Only lookups wait: without them nothing is put off to a later turn.
        const evaluation = result instanceof Promise ? await result : result;
        epochs = evaluation.epochs;
        lastVersion = batch.changes.at(-1)?.version ?? batch.end?.lastVersion ?? lastVersion;
        send(batch.end === null ? null : { jump: null, end: batch.end, epochs }, batch.sizeBytes, evaluation);
        // Behind the publish: what is measured should not wait for the measuring.
        noteBatch(options, batch);
        lag.note(batch.commitTimeMs);
        if (!window.hasRoom) await window.room(stop);
      }
    } catch (error) {
      if (stop.aborted) return null;
      const gap = gapOf(error, { position: watermark.current()?.position ?? null, lastVersion, epochs });
      if (gap === null) throw error;
      return gap;
    }
    return null;
  };

  try {
    let from = start.progress;
    for (let { gap } = start; ;) {
      if (gap !== null) from = await leap(gap);
      if (from === null) throw new Error('a start with neither a place nor a gap');
      gap = await stream(from);
      if (gap === null) break;
    }
  } catch (error) {
    if (!stop.aborted) failure.abort(error);
  }
  // What a policy of `halt` has found is left as it was found.
  const ending = { ...options, window, checkpointer, saving, tracing, halted: gaps.halted };
  await endCapture(ending, failure.signal);
  failure.signal.throwIfAborted();
}

/** What a batch moves when everything before it and in it is acknowledged. */
interface BatchEnd {
  /** Over a gap: here it begins anew. */
  readonly jump: Progress | null;
  /** From there, or from where it stood. */
  readonly end: TransactionEnd | null;
  readonly epochs: Epochs;
}

/** Of ends that wait for an older batch, coordinates, version and epochs of the newest are enough, but every GTID counts. */
const HOLDING: Holding<BatchEnd> = {
  merge: (older, newer) => {
    if (newer.jump !== null) return newer;
    const { end, epochs } = newer;
    if (end === null) return { ...older, epochs };
    return { jump: older.jump, end: { ...end, gtids: [...(older.end?.gtids ?? []), ...end.gtids] }, epochs };
  },
  weigh: ({ end }) => end?.gtids.length ?? 0,
  // About 100 MB.
  maxWeight: 1_000_000,
};

type Delivered = Pick<Evaluation, 'invalidations' | 'letters'>;

function weightOf({ invalidations, letters }: Delivered): number {
  let bytes = 0;
  for (const invalidation of invalidations) bytes += weigh(invalidation);
  for (const { item } of letters) bytes += LETTER_BYTES + weighImages(item);
  return bytes;
}

function weighImages(item: DeadLetter['item']): number {
  return item.kind === 'unmapped' ? weighValue(item.before) + weighValue(item.after) : 0;
}

/**
 * Resolves when all of it is published and kept; null: there is nothing to deliver. Throws DEAD_LETTERS_LIMIT before anything of the
 * batch is published.
 */
function deliver(options: CaptureLoopOptions, { invalidations, letters }: Delivered): Promise<unknown> | null {
  options.letterLimit?.judge(
    letters.map(({ reason }) => reason),
    invalidations.length,
  );
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

function noteBatch({ metrics, pipeline }: CaptureLoopOptions, batch: ChangeBatch): void {
  const { changes, end, heldEnds = 0, commitTimeMs } = batch;
  const { transactions = heldEnds + (end === null ? 0 : 1) } = batch;
  if (changes.length > 0) metrics.count('sluice_row_changes_total', { pipeline }, changes.length);
  // A heartbeat ends no transaction.
  if (commitTimeMs === null) return;
  if (transactions > 0) metrics.count('sluice_transactions_total', { pipeline }, transactions);
}
