import { expect, vi } from 'vitest';
import type { SluiceProcess } from '../../deploy/local/sluice-process.ts';

/** What `/readyz` says beside yes or no. */
export async function readiness(daemon: SluiceProcess): Promise<{ ready: boolean; notes: readonly string[] }> {
  const answer = await fetch(`${await daemon.admin()}/readyz`);
  const { ready, notes = [] } = (await answer.json()) as { ready: boolean; notes?: readonly string[] };
  return { ready, notes };
}

export const isStreaming = async (daemon: SluiceProcess): Promise<boolean> =>
  (await daemon.metric('sluice_source_connected')) === 1 && (await daemon.metric('sluice_lease_held')) === 1;

/** Resolves when it streams, with how long that took. */
export async function streaming(daemon: SluiceProcess, timeoutMs = 60_000): Promise<number> {
  const since = performance.now();
  await vi.waitFor(async () => expect(await isStreaming(daemon)).toBe(true), { timeout: timeoutMs, interval: 20 });
  return Math.round(performance.now() - since);
}

/** Resolves when it is ready, and waits for another one. */
export async function standingBy(daemon: SluiceProcess): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(await readiness(daemon)).toEqual({
        ready: true,
        notes: ['standby: another process holds the lease'],
      }),
    { timeout: 60_000, interval: 50 },
  );
  expect(await daemon.metric('sluice_lease_held')).toBe(0);
  expect(await daemon.metric('sluice_source_connected')).toBe(0);
}
