import { untilWritten, type StoreRetryOptions } from './store-retry.ts';

/** The fencing token of this run. Waits for a store that does not answer: without a token nothing could be saved. */
export function claimToken(options: StoreRetryOptions, signal: AbortSignal): Promise<number> {
  const claim = { write: () => options.store.claim(), complaint: 'no fencing token can be claimed yet' };
  return untilWritten(options, claim, signal);
}
