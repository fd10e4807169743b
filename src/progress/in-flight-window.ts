import type { TransactionEnd } from '../model/position.ts';

/** One batch between publish and acknowledgement. Handed back to `acknowledge`, otherwise opaque. */
export interface Ticket<End = TransactionEnd> {
  readonly end: End | null;
  readonly sizeBytes: number;
  acknowledged: boolean;
}

/**
 * Turns acknowledgements that come in any order into a watermark that only moves forward.
 *
 * A batch is opened in commit order and acknowledged when its invalidations are durable or applied. The watermark is
 * the end of the newest batch before which everything is acknowledged (invariants I1, I2); a chunk of a transaction
 * has no end and so cannot move it (I3). What an end says is the caller's business. Batches and bytes in flight are bounded (I8), except that one batch may
 * always be open, however large: else a batch above the bound would wait for ever.
 */
export class InFlightWindow<End = TransactionEnd> {
  readonly #maxBatches: number;
  readonly #maxBytes: number;
  readonly #onWatermark: (end: End) => void;
  readonly #tickets: Ticket<End>[] = [];
  #head = 0;
  #sizeBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(options: { maxBatches: number; maxBytes: number; onWatermark: (end: End) => void }) {
    this.#maxBatches = options.maxBatches;
    this.#maxBytes = options.maxBytes;
    this.#onWatermark = options.onWatermark;
  }

  get batches(): number {
    return this.#tickets.length - this.#head;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get hasRoom(): boolean {
    return this.batches === 0 || (this.batches < this.#maxBatches && this.#sizeBytes < this.#maxBytes);
  }

  open(end: End | null, sizeBytes: number): Ticket<End> {
    const ticket: Ticket<End> = { end, sizeBytes, acknowledged: false };
    this.#tickets.push(ticket);
    this.#sizeBytes += sizeBytes;
    return ticket;
  }

  /** Every end that the watermark passes is reported, in order, so that no GTID of theirs is lost. */
  acknowledge(ticket: Ticket<End>): void {
    ticket.acknowledged = true;
    for (let head = this.#tickets[this.#head]; head?.acknowledged === true; head = this.#tickets[this.#head]) {
      this.#head++;
      this.#sizeBytes -= head.sizeBytes;
      if (head.end !== null) this.#onWatermark(head.end);
    }
    this.#compact();
    if (this.#waiting.length > 0 && this.hasRoom) this.#wake();
  }

  /** Resolves when another batch may be opened; throws the signal's reason when aborted. */
  async room(signal: AbortSignal): Promise<void> {
    while (!this.hasRoom) await this.#change(signal);
  }

  /** Resolves when nothing is in flight any more; throws the signal's reason when aborted. */
  async empty(signal: AbortSignal): Promise<void> {
    while (this.batches > 0) await this.#change(signal);
  }

  #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Array.shift is linear; dropping the finished head now and then is constant on average. */
  #compact(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#tickets.length) return;
    this.#tickets.splice(0, this.#head);
    this.#head = 0;
  }
}
