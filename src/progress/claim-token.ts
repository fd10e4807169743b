import type { CheckpointStore, Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';

export interface ClaimOptions {
  readonly store: CheckpointStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A place that can be read and not written is wrongly set up; but one answer may come just before a server is back. */
const MAX_REFUSALS = 3;

/** The fencing token of this run. Waits for a store that does not answer: without a token nothing could be saved. */
export async function claimToken({ store, clock, logger }: ClaimOptions, signal: AbortSignal): Promise<number> {
  let refusals = 0;
  for (let failures = 0; ; failures++) {
    try {
      return await store.claim();
    } catch (error) {
      if (!(error instanceof SluiceError && error.retryable)) throw error;
      if (error.code !== 'LEASE_UNAVAILABLE' && (await isReadable(store)) && ++refusals === MAX_REFUSALS) throw error;
      logger.warn({ reason: error.message }, 'no fencing token can be claimed yet, retrying');
      await clock.sleep(fullJitterMs(failures, { baseMs: 250, maxMs: 10_000 }), signal);
    }
  }
}

async function isReadable(store: CheckpointStore): Promise<boolean> {
  try {
    await store.isNewest(0);
    return true;
  } catch {
    return false;
  }
}
