import { NO_EPOCHS, type ResumePoint } from './model/position.ts';
import type { Checkpoint, CheckpointStore, Clock } from './ports.ts';
import type { Progress } from './progress/watermark.ts';
import { fullJitterMs } from './runtime/backoff.ts';
import { SluiceError } from './runtime/errors.ts';
import type { Logger } from './runtime/logger.ts';

export interface CaptureStartOptions {
  readonly store: CheckpointStore;
  /** Where the very first start begins, when there is no checkpoint. */
  readonly firstStart: (signal: AbortSignal) => Promise<ResumePoint>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where a capture begins: behind its checkpoint, or where a first start does. */
export async function captureStart(options: CaptureStartOptions, signal: AbortSignal): Promise<Progress> {
  const checkpoint = await loadCheckpoint(options, signal);
  if (checkpoint !== null) {
    options.logger.info({ position: checkpoint.position }, 'resuming from the checkpoint');
    const { position, lastVersion, epochs } = checkpoint;
    return { position, lastVersion, epochs };
  }
  const first = await options.firstStart(signal);
  options.logger.info({ position: first.position }, 'no checkpoint: first start');
  return { ...first, epochs: NO_EPOCHS };
}

/** Waits for a store that does not answer: beginning without its checkpoint would skip changes. */
async function loadCheckpoint(
  { store, clock, logger }: CaptureStartOptions,
  signal: AbortSignal,
): Promise<Checkpoint | null> {
  for (let failures = 0; ; failures++) {
    try {
      return await store.load();
    } catch (error) {
      if (!(error instanceof SluiceError && error.retryable)) throw error;
      logger.warn({ reason: error.message }, 'the checkpoint cannot be read yet, retrying');
      await clock.sleep(fullJitterMs(failures, { baseMs: 250, maxMs: 10_000 }), signal);
    }
  }
}
