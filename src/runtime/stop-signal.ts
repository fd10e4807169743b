/**
 * SIGINT and SIGTERM as an AbortSignal. The state machine, in prose:
 *
 *   running ── first signal ──▶ draining (`signal` aborts; the daemon finishes what is in flight)
 *   draining ── second signal ──▶ the process ends at once, by that signal
 *   draining ── drained ──▶ `raiseAgain` sends the first signal once more, now with its default effect, so that the
 *                          parent process sees the truth: ended by SIGTERM, not "exit 0"
 */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Removes the handlers; if a signal was received, ends this process by it. */
  raiseAgain(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export function catchStopSignals(onFirst: (name: NodeJS.Signals) => void): StopSignal {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const handler = (name: NodeJS.Signals): void => {
    if (received === undefined) {
      received = name;
      onFirst(name);
      controller.abort(new Error(`stopped by ${name}`));
      return;
    }
    release();
    process.kill(process.pid, name);
  };
  const release = (): void => SIGNALS.forEach((name) => process.off(name, handler));
  SIGNALS.forEach((name) => process.on(name, handler));
  return {
    signal: controller.signal,
    raiseAgain: () => {
      release();
      if (received !== undefined) process.kill(process.pid, received);
    },
  };
}
