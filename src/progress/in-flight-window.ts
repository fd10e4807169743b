import type { TransactionEnd } from '../model/position.ts';

/** One batch between publish and acknowledgement. Handed back to `acknowledge`, otherwise opaque. */
export interface Ticket<End = TransactionEnd> {
  end: End | null;
  readonly sizeBytes: number;
  acknowledged: boolean;
  /** What its end weighs while it is held back (see `Holding`). */
  weight: number;
  older: Ticket<End> | undefined;
  newer: Ticket<End> | undefined;
}

/** How ends are kept that are acknowledged, but stand behind a batch that is not. */
export interface Holding<End> {
  /** One end that says what both say; `older` comes directly before `newer`. Changes neither. */
  readonly merge: (older: End, newer: End) => End;
  /** What an end costs that merging does not save, such as its GTIDs; two merged weigh what both weigh. */
  readonly weigh: (end: End) => number;
  /** Held back together. Beyond it there is no room for more batches, until the oldest is acknowledged. */
  readonly maxWeight: number;
}

export interface InFlightWindowOptions<End> {
  /** Of those that are not acknowledged. */
  readonly maxBatches: number;
  readonly maxBytes: number;
  readonly onWatermark: (end: End) => void;
  readonly holding: Holding<End>;
}

/** Merging copies what is there; without a bound one long wait would copy it again for each batch. */
const MAX_MERGED_WEIGHT = 128;

/**
 * Turns acknowledgements that come in any order into a watermark that only moves forward.
 *
 * A batch is opened in commit order and acknowledged when its invalidations are durable or applied. The watermark is
 * the end of the newest batch before which everything is acknowledged (invariants I1, I2); a chunk of a transaction
 * has no end and so cannot move it (I3). What an end says is the caller's business. Batches and bytes in flight are
 * bounded (I8), except that one batch may always be open, however large: else a batch above the bound would wait for ever.
 *
 * In flight is what is not acknowledged. One flush may take minutes, and the batches behind it must not wait for it: of
 * those, once acknowledged, only the ends are held back, merged with their neighbours.
 */
export class InFlightWindow<End = TransactionEnd> {
  readonly #options: InFlightWindowOptions<End>;
  #oldest: Ticket<End> | undefined;
  #newest: Ticket<End> | undefined;
  #batches = 0;
  #sizeBytes = 0;
  #heldWeight = 0;
  #waiting: (() => void)[] = [];

  constructor(options: InFlightWindowOptions<End>) {
    this.#options = options;
  }

  /** Opened and not acknowledged. */
  get batches(): number {
    return this.#batches;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Of the ends that are acknowledged and held back. */
  get heldWeight(): number {
    return this.#heldWeight;
  }

  get hasRoom(): boolean {
    const { maxBatches, maxBytes, holding } = this.#options;
    if (this.#batches === 0) return true;
    return this.#batches < maxBatches && this.#sizeBytes < maxBytes && this.#heldWeight < holding.maxWeight;
  }

  open(end: End | null, sizeBytes: number): Ticket<End> {
    const weight = end === null ? 0 : this.#options.holding.weigh(end);
    const older = this.#newest;
    const ticket: Ticket<End> = { end, sizeBytes, weight, acknowledged: false, older, newer: undefined };
    if (older === undefined) this.#oldest = ticket;
    else older.newer = ticket;
    this.#newest = ticket;
    this.#batches++;
    this.#sizeBytes += sizeBytes;
    return ticket;
  }

  /** Every end that the watermark passes is reported, in order, itself or merged into another: no GTID of theirs is lost. */
  acknowledge(ticket: Ticket<End>): void {
    if (ticket.acknowledged) return;
    ticket.acknowledged = true;
    this.#batches--;
    this.#sizeBytes -= ticket.sizeBytes;
    this.#heldWeight += ticket.weight;
    if (ticket === this.#oldest) this.#advance();
    else {
      const { older } = ticket;
      const merged = older !== undefined && this.#absorbNewer(older) ? older : ticket;
      this.#absorbNewer(merged);
    }
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

  #advance(): void {
    let oldest = this.#oldest;
    for (; oldest?.acknowledged === true; oldest = oldest.newer) {
      this.#heldWeight -= oldest.weight;
      if (oldest.end !== null) this.#options.onWatermark(oldest.end);
    }
    this.#oldest = oldest;
    if (oldest === undefined) this.#newest = undefined;
    else oldest.older = undefined;
  }

  /** Merges the next one into this one if both are acknowledged; false: they stay two. */
  #absorbNewer(ticket: Ticket<End>): boolean {
    const { newer } = ticket;
    if (newer === undefined || !newer.acknowledged || !ticket.acknowledged) return false;
    if (ticket.weight + newer.weight > MAX_MERGED_WEIGHT) return false;
    if (ticket.end === null) ticket.end = newer.end;
    else if (newer.end !== null) ticket.end = this.#options.holding.merge(ticket.end, newer.end);
    ticket.weight += newer.weight;
    ticket.newer = newer.newer;
    if (newer.newer === undefined) this.#newest = ticket;
    else newer.newer.older = ticket;
    return true;
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
}
