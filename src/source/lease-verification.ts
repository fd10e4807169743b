import type { Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { rejection } from '../runtime/rejection.ts';

/** A store may stall for as long as it likes; then it is asked once more, and the log says what is waited for. */
const ANSWER_MS = 10_000;
const RETRY = { baseMs: 200, maxMs: 1_000 };

export interface VerificationOptions {
  /** Throws LEASE_LOST if another one has worked, a retryable error if that cannot be known yet. */
  readonly verify: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Resolves when it is known that nobody else has worked meanwhile, however long that takes; ends with the connection. */
export async function verifyAlone({ verify, clock, logger }: VerificationOptions, closed: AbortSignal): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      return await answered(verify(), clock, closed);
    } catch (error) {
      if (!(error instanceof SluiceError && error.retryable)) throw error;
      logger.warn({ reason: error.message }, 'whether another one has worked meanwhile cannot be known yet');
      await clock.sleep(fullJitterMs(failures, RETRY), closed);
    }
  }
}

async function answered(verified: Promise<void>, clock: Clock, closed: AbortSignal): Promise<void> {
  const done = new AbortController();
  const ended = rejection(closed);
  const late = clock.sleep(ANSWER_MS, done.signal).then(
    () =>
      Promise.reject(
        new SluiceError('LEASE_UNAVAILABLE', `no answer of the checkpoint store for ${ANSWER_MS / 1000} s`),
      ),
    () => undefined,
  );
  try {
    await Promise.race([verified, late, ended.promise]);
  } finally {
    ended.dispose();
    done.abort();
  }
}
