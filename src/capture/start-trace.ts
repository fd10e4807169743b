import type { Clock, StartTrace } from '../ports.ts';
import { errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';

/** A cache may be emptied while we run, and be full of values again when the checkpoint gets lost. */
const AGAIN_AFTER_MS = 10_000;

/** Leaves the trace now and again and again until aborted. A target that is away gets it later. */
export async function keepTrace(
  { trace, clock, logger }: { readonly trace: StartTrace; readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      await trace.leave();
      failures = 0;
    } catch (error) {
      if (failures++ === 0) logger.warn({ reason: errorMessage(error) }, 'no trace of this daemon could be left yet');
    }
    await clock.sleep(AGAIN_AFTER_MS, signal).catch(() => undefined);
  }
}
