import type { Checkpoint, CheckpointStore, Lease } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';
import { assertHeld } from './lease-guard.ts';

/** A store that a token is claimed from only while the lease is held: a claim of any other process would stop the holder. */
export class ClaimedStore implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #lease: Lease;
  #token: number | null = null;

  constructor(store: CheckpointStore, lease: Lease) {
    this.#store = store;
    this.#lease = lease;
  }

  /** Throws LEASE_LOST if another process has claimed a token since ours. */
  async verify(): Promise<void> {
    if (this.#token === null || (await this.#store.isNewest(this.#token))) return;
    throw new SluiceError('LEASE_LOST', `another process has claimed a token newer than ${this.#token}`);
  }

  load(): Promise<Checkpoint | null> {
    return this.#store.load();
  }

  async claim(): Promise<number> {
    assertHeld(this.#lease);
    this.#token = await this.#store.claim();
    return this.#token;
  }

  isNewest(token: number): Promise<boolean> {
    return this.#store.isNewest(token);
  }

  save(checkpoint: Checkpoint, token: number): Promise<void> {
    return this.#store.save(checkpoint, token);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
