import type { ChangeBatch } from '../model/row-change.ts';
import type { Decoder, Prepared } from './decoder.ts';

interface Waiting {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * A decoder whose batches never hold more than one transaction: whoever reads history wants to see their borders. So an event is not
 * decoded before everything of the one before it was taken; then a compressed transaction is never held whole, either.
 */
export class SingleTransactions implements Decoder {
  readonly #decoder: Decoder;
  #waiting: Waiting[] = [];
  /** What came before those, the newest first: taking from the front of a long list would move all of it. */
  #next: Waiting[] = [];
  #waitingBytes = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + this.#decoder.bufferedBytes;
  }

  get place(): string {
    return this.#decoder.place;
  }

  get prepared(): Prepared {
    return this.#decoder.prepared;
  }

  push(bytes: Buffer, start: number, end: number): void {
    this.#waiting.push({ bytes, start, end });
    this.#waitingBytes += end - start;
  }

  take(): ChangeBatch | null {
    for (;;) {
      const batch = this.#decoder.take();
      if (batch !== null) return batch;
      if (this.#next.length === 0) [this.#next, this.#waiting] = [this.#waiting.reverse(), this.#next];
      const event = this.#next.pop();
      if (event === undefined) return null;
      this.#waitingBytes -= event.end - event.start;
      this.#decoder.push(event.bytes, event.start, event.end);
    }
  }
}
