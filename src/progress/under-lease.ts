import type { Lease } from '../ports.ts';
import { aborted } from '../runtime/aborted.ts';
import { supervise, type Task } from '../runtime/supervise.ts';

/** Runs the tasks once this process is the holder, and ends them when it is no longer; resolves when aborted and drained. */
export async function underLease(lease: Lease, tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  try {
    await lease.acquire(signal);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  await supervise([...tasks, (stop) => untilLost(lease.lost, stop)], signal);
}

async function untilLost(lost: AbortSignal, stop: AbortSignal): Promise<void> {
  await aborted(AbortSignal.any([lost, stop]));
  stop.throwIfAborted();
  lost.throwIfAborted();
}
