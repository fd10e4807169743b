import { afterEach, expect, it, vi } from 'vitest';
import { catchReloadSignal } from '../../../src/runtime/reload-signal.ts';

afterEach(() => {
  process.removeAllListeners('SIGHUP');
});

/** To this very process, as `kill -HUP` does: unhandled it would end the test run. */
const hangUp = (): void => void process.kill(process.pid, 'SIGHUP');

it('reloads at each SIGHUP, and the process lives on', async () => {
  const signal = catchReloadSignal();
  const reload = vi.fn();
  signal.on(reload);
  expect(reload).not.toHaveBeenCalled();
  hangUp();
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1));
  hangUp();
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(2));
});

it('remembers a SIGHUP that came while the daemon started', async () => {
  const witness = vi.fn();
  const signal = catchReloadSignal();
  process.on('SIGHUP', witness);
  hangUp();
  await vi.waitFor(() => expect(witness).toHaveBeenCalled());
  const reload = vi.fn();
  signal.on(reload);
  expect(reload).toHaveBeenCalledTimes(1);
});
