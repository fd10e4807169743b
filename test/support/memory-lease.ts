import type { Lease } from '../../src/ports.ts';
import { SluiceError } from '../../src/runtime/errors.ts';

/** What the leases of one name share, as processes share a server. */
export interface LeasePlace {
  holder: MemoryLease | null;
  readonly waiting: Set<MemoryLease>;
}

export class MemoryLease implements Lease {
  readonly #place: LeasePlace;
  readonly #verify: () => Promise<void>;
  readonly #lost = new AbortController();
  #wanted = false;
  #verified = false;
  #wake: (() => void)[] = [];

  constructor(
    place: LeasePlace = { holder: null, waiting: new Set() },
    verify: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#place = place;
    this.#verify = verify;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isHeld(): boolean {
    return this.#verified && this.#place.holder === this;
  }

  isStandby(): boolean {
    return this.#wanted && this.#place.holder !== null && this.#place.holder !== this;
  }

  async acquire(signal: AbortSignal): Promise<void> {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#place.waiting.add(this);
      grant(this.#place);
    }
    while (!this.isHeld()) {
      signal.throwIfAborted();
      this.lost.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  close(): Promise<void> {
    this.#verified = false;
    this.#place.waiting.delete(this);
    if (this.#place.holder === this) this.#place.holder = null;
    grant(this.#place);
    return Promise.resolve();
  }

  /** As when the connection broke: whoever waits has it now. */
  async cut(): Promise<void> {
    this.#verified = false;
    this.#place.holder = null;
    grant(this.#place);
    if (this.#place.holder !== null) this.lose();
    else {
      this.#place.holder = this;
      this.#verify().then(
        () => this.grant(),
        (error: unknown) => this.lose(error),
      );
    }
    return Promise.resolve();
  }

  grant(): void {
    this.#verified = true;
    for (const wake of this.#wake.splice(0)) wake();
  }

  lose(error: unknown = new SluiceError('LEASE_LOST', 'another process has it')): void {
    this.#verified = false;
    this.#lost.abort(error);
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function grant(place: LeasePlace): void {
  const [next] = place.waiting;
  if (place.holder !== null || next === undefined) return;
  place.waiting.delete(next);
  place.holder = next;
  next.grant();
}
