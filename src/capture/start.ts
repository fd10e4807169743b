import { NO_EPOCHS, type ResumePoint } from '../model/position.ts';
import { gapOf, type Gap } from './gap.ts';
import type { Checkpoint, CheckpointStore, Clock, StartTrace } from '../ports.ts';
import type { Progress } from '../progress/watermark.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';

export interface CaptureStartOptions {
  readonly store: CheckpointStore;
  /** Where the very first start begins, when there is no checkpoint and never was one. */
  readonly firstStart: (signal: AbortSignal) => Promise<ResumePoint>;
  /** Whether this is the very first start. */
  readonly trace: StartTrace;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where a capture begins: behind its checkpoint, or where a first start does; nowhere yet if the checkpoint is lost. */
export type CaptureStart =
  { readonly progress: Progress; readonly gap: null } | { readonly progress: null; readonly gap: Gap };

export async function captureStart(options: CaptureStartOptions, signal: AbortSignal): Promise<CaptureStart> {
  const { logger, store, trace } = options;
  const checkpoint = await readable(options, () => load(store), 'the checkpoint cannot be read yet', signal);
  if (checkpoint instanceof SluiceError) return { progress: null, gap: lost(checkpoint) };
  if (checkpoint !== null) {
    logger.info({ position: checkpoint.position }, 'resuming from the checkpoint');
    const { position, lastVersion, epochs } = checkpoint;
    return { progress: { position, lastVersion, epochs }, gap: null };
  }
  if (await readable(options, () => trace.exists(), 'nobody can say yet whether this is the first start', signal)) {
    const missing = new SluiceError(
      'CHECKPOINT_MISSING',
      'there is no checkpoint, and this daemon has worked here before',
    );
    return { progress: null, gap: lost(missing) };
  }
  const first = await options.firstStart(signal);
  logger.info({ position: first.position }, 'no checkpoint: first start');
  return { progress: { ...first, epochs: NO_EPOCHS }, gap: null };
}

function lost(error: SluiceError): Gap {
  const gap = gapOf(error, { position: null, lastVersion: 0, epochs: NO_EPOCHS });
  if (gap === null) throw error;
  return gap;
}

/** The error of a checkpoint that is damaged, as a value: waiting does not mend it, and it is no reason to stop. */
async function load(store: CheckpointStore): Promise<Checkpoint | SluiceError | null> {
  try {
    return await store.load();
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'CHECKPOINT_UNREADABLE') return error;
    throw error;
  }
}

/** Waits for a server that does not answer: beginning without what it knows would skip changes. */
async function readable<T>(
  { clock, logger }: CaptureStartOptions,
  read: () => Promise<T>,
  complaint: string,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await unlessAborted(read(), signal);
    } catch (error) {
      if (!(error instanceof SluiceError && error.retryable)) throw error;
      logger.warn({ reason: error.message }, `${complaint}, retrying`);
      await clock.sleep(fullJitterMs(failures, { baseMs: 250, maxMs: 10_000 }), signal);
    }
  }
}
