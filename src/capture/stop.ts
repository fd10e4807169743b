import type { InFlightWindow } from '../progress/in-flight-window.ts';
import type { Checkpointer } from '../progress/checkpointer.ts';
import { errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';

export interface CaptureStopOptions {
  readonly window: Pick<InFlightWindow<unknown>, 'empty' | 'batches'>;
  readonly checkpointer: Pick<Checkpointer, 'save'>;
  /** The saves at an interval, which were told to stop; never rejects. */
  readonly saving: Promise<void>;
  /** The same of the traces. */
  readonly tracing: Promise<void>;
  /** Whether the checkpoint is left as it was found. */
  readonly halted: boolean;
  /** All of it together. */
  readonly drainTimeoutMs: number;
  readonly logger: Logger;
}

/** What the last save has of the time, when the drain takes as long as it may. */
const SAVE_SHARE = 0.1;

/**
 * Waits for what is in flight and saves once more. Whatever stalls, the lease is not kept for longer than this: a standby waits
 * for it, and the next start repeats what was cut off.
 */
export async function endCapture(options: CaptureStopOptions, failure: AbortSignal): Promise<void> {
  const { drainTimeoutMs: limitMs } = options;
  const [calm, end] = [new Deadline(limitMs * (1 - SAVE_SHARE)), new Deadline(limitMs)];
  try {
    const [isIdle] = await Promise.all([
      endsWithin(options.saving, calm.signal),
      endsWithin(options.tracing, calm.signal),
      drain(options, AbortSignal.any([failure, calm.signal]), failure),
    ]);
    if (options.halted) return;
    await saveLast(options, isIdle || (await endsWithin(options.saving, end.signal)), end.signal);
  } finally {
    calm.cancel();
    end.cancel();
  }
}

/** Not `AbortSignal.timeout`, which lets the process end before its time. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`not finished within ${ms} ms`)), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

/** False: it goes on. */
function endsWithin(work: Promise<void>, limit: AbortSignal): Promise<boolean> {
  return unlessAborted(work, limit).then(
    () => true,
    () => false,
  );
}

async function drain({ window, logger }: CaptureStopOptions, limit: AbortSignal, failure: AbortSignal): Promise<void> {
  if (failure.aborted) return;
  try {
    await window.empty(limit);
  } catch (error) {
    if (failure.aborted) return;
    // Not an error: the checkpoint stands before what is left, and the next start repeats it.
    logger.warn({ batches: window.batches, reason: errorMessage(error) }, 'drain timed out; the rest is repeated');
  }
}

/** A stop is not held up by a store that is away: the next start repeats what this checkpoint would have skipped. */
async function saveLast(
  { checkpointer, logger }: CaptureStopOptions,
  isIdle: boolean,
  end: AbortSignal,
): Promise<void> {
  try {
    // Two saves at a time could write into each other.
    if (!isIdle) throw new Error('the save before it has not ended');
    await unlessAborted(checkpointer.save(), end);
  } catch (error) {
    logger.error({ reason: errorMessage(error) }, 'the last checkpoint could not be saved; the rest is repeated');
  }
}
