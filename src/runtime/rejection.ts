/** What waits for one of some signals, to be raced with something that may end without any of them. */
export interface Rejection {
  /** Rejects with the reason of the first one; nobody need wait for it. */
  readonly promise: Promise<never>;
  /** To be called when nobody waits any more: a signal that lives as long as the process would keep it for ever. */
  readonly dispose: () => void;
}

export function rejection(...signals: readonly AbortSignal[]): Rejection {
  let dispose = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const listeners = signals.map((signal) => ({ signal, fail: () => reject(signal.reason as Error) }));
    dispose = () => {
      for (const { signal, fail } of listeners) signal.removeEventListener('abort', fail);
    };
    for (const { signal, fail } of listeners) {
      if (signal.aborted) fail();
      else signal.addEventListener('abort', fail, { once: true });
    }
  });
  promise.catch(() => undefined);
  return { promise, dispose: () => dispose() };
}
