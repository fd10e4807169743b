const FIRST_BYTES = 256;

/** Bytes that are only ever added to, in one piece that doubles when it is full. */
export class AppendedBytes {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** How many were added. */
  get length(): number {
    return this.#length;
  }

  /** What they take. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** All that were added; not to be written to, and the same bytes only until more are. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds a copy of some bytes, from `begin` to `end`. */
  add(bytes: Buffer, begin: number, end: number): void {
    const needed = this.#length + end - begin;
    if (needed > this.#bytes.length) {
      // Not out of the pool, of which each small piece would keep much.
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, FIRST_BYTES, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length, begin, end);
    this.#length = needed;
  }
}
