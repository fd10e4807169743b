import type { Cache, CacheCommand, CacheOutcome, FlushProgress, FlushRequest, Lease } from '../ports.ts';
import { assertHeld } from './lease-guard.ts';

/**
 * A cache that only the holder of the lease changes. A process that was stopped for a while has refreshed values in its hands that
 * are old by now, and the key it has them for may carry no version any more that would say so.
 */
export class FencedCache implements Cache {
  readonly #cache: Cache;
  readonly #lease: Lease;

  constructor(cache: Cache, lease: Lease) {
    this.#cache = cache;
    this.#lease = lease;
  }

  get name(): string {
    return this.#cache.name;
  }

  async apply(commands: readonly CacheCommand[]): Promise<readonly CacheOutcome[]> {
    assertHeld(this.#lease);
    return this.#cache.apply(commands);
  }

  async flush(
    request: FlushRequest,
    onProgress: (progress: FlushProgress) => void,
    signal: AbortSignal,
  ): Promise<FlushProgress> {
    assertHeld(this.#lease);
    return this.#cache.flush(request, onProgress, AbortSignal.any([signal, this.#lease.lost]));
  }

  check(): Promise<void> {
    return this.#cache.check();
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}
