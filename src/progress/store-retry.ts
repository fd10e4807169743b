import type { CheckpointStore, Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';

export interface StoreRetryOptions {
  readonly store: CheckpointStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A place that can be read and not written is wrongly set up. But a server that comes back, or a replica that becomes the primary,
 * also refuses for a while, just when a standby takes over: so many times, and for so long.
 */
const MAX_REFUSALS = 3;
const REFUSED_FOR_MS = 30_000;

/** Of a path: waiting mends none of them. `mkdir` says EEXIST of a file where a folder should be. */
const SETTINGS = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ELOOP', 'ENOTDIR', 'EPERM', 'EROFS']);

/** Writes to the store at a start. Waits for one that does not answer, and throws its error when it goes on refusing. */
export async function untilWritten<T>(
  { store, clock, logger }: StoreRetryOptions,
  { write, complaint }: { readonly write: () => Promise<T>; readonly complaint: string },
  signal: AbortSignal,
): Promise<T> {
  let refusals: { count: number; readonly sinceMs: number } | null = null;
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    try {
      return await unlessAborted(write(), signal);
    } catch (error) {
      if (!(error instanceof SluiceError && error.retryable)) throw error;
      if (await unlessAborted(isRefusal(error, store), signal)) {
        refusals ??= { count: 0, sinceMs: clock.monotonicMs() };
        const isFinal = ++refusals.count >= MAX_REFUSALS && clock.monotonicMs() - refusals.sinceMs >= REFUSED_FOR_MS;
        if (isFinal) throw error;
      } else refusals = null;
      logger.warn({ reason: error.message }, `${complaint}, retrying`);
      await clock.sleep(fullJitterMs(failures, { baseMs: 250, maxMs: 10_000 }), signal);
    }
  }
}

async function isRefusal({ code, cause }: SluiceError, store: CheckpointStore): Promise<boolean> {
  if (code === 'LEASE_UNAVAILABLE') return false;
  return SETTINGS.has(errnoOf(cause)) || (await isReadable(store));
}

function errnoOf(cause: unknown): string {
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? '') : '';
}

async function isReadable(store: CheckpointStore): Promise<boolean> {
  try {
    await store.isNewest(0);
    return true;
  } catch {
    return false;
  }
}
