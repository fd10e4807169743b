export type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Runs tasks together until aborted. When one fails, the others are told to stop and waited for; then its error is thrown.
 * A task that returns although nobody aborted has failed too: a daemon's parts run for ever.
 */
export async function supervise(tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(stop);
        if (!stop.aborted) throw new Error('a part of the daemon ended although nobody stopped it');
      } catch (error) {
        // The signal's own reason only says that the stop was obeyed; so does anything after a failure.
        if (!stop.aborted) failure.abort(error);
        else if (signal.aborted && error !== signal.reason) failure.abort(error);
      }
    }),
  );
  failure.signal.throwIfAborted();
}
