/** Waiting for conditions, with an end. */
import { setTimeout as delay } from 'node:timers/promises';

export { delay };

/** Resolves when the condition holds; throws what is missing when time is up. Errors of the condition count as "not yet". */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  options: { timeoutMs: number; everyMs?: number },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (let reason = ''; ; await delay(options.everyMs ?? 50)) {
    try {
      if (await condition()) return;
    } catch (error) {
      reason = `: ${messageOf(error)}`;
    }
    if (performance.now() > deadline) throw new Error(`${what} did not happen in ${options.timeoutMs} ms${reason}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
