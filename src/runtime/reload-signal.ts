export interface ReloadSignal {
  /** Calls it for each SIGHUP from now on; once at once if one came before. */
  on(reload: () => void): void;
}

/**
 * SIGHUP never ends the process, from the first moment to the last: before anybody listens it is remembered, and during
 * the drain `reload` may do nothing.
 */
export function catchReloadSignal(): ReloadSignal {
  let received = false;
  let listener = (): void => {
    received = true;
  };
  process.on('SIGHUP', () => listener());
  return {
    on: (reload) => {
      listener = reload;
      if (received) reload();
    },
  };
}
