/** One instant on two clocks: one that never jumps but may stand still while a machine is suspended, and one that may jump. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface LeaseValidityOptions {
  /** How long a confirmation is good for; shorter than what the server waits before it gives the lock to another. */
  readonly validForMs: number;
  readonly now: () => Instant;
}

/**
 * Whether a lease is held at this instant, without asking anybody. A confirmation counts from before its question was sent: the
 * server has heard of us at that time or later, so it lets go later than we do. A process that was stopped, or sat in a
 * machine that was suspended, finds its lease invalid in its very first instruction: whichever clock says more counts. A wall
 * clock that is set forward costs nothing but the wait for the next confirmation.
 */
export class LeaseValidity {
  readonly #options: LeaseValidityOptions;
  #confirmed: Instant | null = null;

  constructor(options: LeaseValidityOptions) {
    this.#options = options;
  }

  /** To be taken before the question is sent. */
  now(): Instant {
    return this.#options.now();
  }

  /** An answer to a question that was asked then said that the lease is held. */
  confirm(asked: Instant): void {
    this.#confirmed = asked;
  }

  end(): void {
    this.#confirmed = null;
  }

  isValid(): boolean {
    if (this.#confirmed === null) return false;
    const now = this.#options.now();
    const { validForMs } = this.#options;
    return (
      now.monotonicMs - this.#confirmed.monotonicMs < validForMs && now.wallMs - this.#confirmed.wallMs < validForMs
    );
  }
}
