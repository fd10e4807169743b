import type { ChangeBatch } from '../model/row-change.ts';
import type { Decoder, Prepared } from './decoder.ts';

/** What a change weighs in memory beside its bytes on the wire, about. */
const CHANGE_BYTES = 300;

/** A decoder whose batches never hold more than one transaction: whoever reads history wants to see their borders. */
export class SingleTransactions implements Decoder {
  readonly #decoder: Decoder;
  readonly #batches: ChangeBatch[] = [];
  #batchBytes = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  get bufferedBytes(): number {
    return this.#batchBytes + this.#decoder.bufferedBytes;
  }

  get place(): string {
    return this.#decoder.place;
  }

  get prepared(): Prepared {
    return this.#decoder.prepared;
  }

  push(bytes: Buffer, start: number, end: number): void {
    this.#decoder.push(bytes, start, end);
    for (let batch = this.#decoder.take(); batch !== null; batch = this.#decoder.take()) {
      this.#batches.push(batch);
      this.#batchBytes += weight(batch);
    }
  }

  take(): ChangeBatch | null {
    const batch = this.#batches.shift() ?? null;
    if (batch !== null) this.#batchBytes -= weight(batch);
    return batch;
  }
}

function weight({ sizeBytes, changes }: ChangeBatch): number {
  return sizeBytes + changes.length * CHANGE_BYTES;
}
