import type { Lease } from '../ports.ts';

/** Always held: for sources that refuse user locks. Nothing but the deployment keeps a second capture of one name away then. */
export class OpenLease implements Lease {
  readonly lost: AbortSignal = new AbortController().signal;

  acquire(signal: AbortSignal): Promise<void> {
    return signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve();
  }

  isHeld(): boolean {
    return true;
  }

  isStandby(): boolean {
    return false;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
