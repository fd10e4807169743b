import type { Lease } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';

/** Throws LEASE_LOST, or LEASE_UNAVAILABLE (retryable) if the lease is not held at this very moment. */
export function assertHeld(lease: Lease): void {
  lease.lost.throwIfAborted();
  if (lease.isHeld()) return;
  throw new SluiceError('LEASE_UNAVAILABLE', 'the source has not confirmed the lease in time');
}
