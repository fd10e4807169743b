/** Reads the parts of an event one behind the other, and never beyond its end. For events that come seldom. */
export class Cursor {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Moves on; gives the place it was at. */
  skip(count: number): number {
    const from = this.at;
    if (!(count >= 0 && count <= this.end - from)) throw new Error('the event is too short');
    this.at = from + count;
    return from;
  }

  byte(): number {
    return this.bytes[this.skip(1)] ?? 0;
  }

  /** Little-endian, up to six bytes. */
  uint(count: number): number {
    const from = this.skip(count);
    return this.bytes.readUIntLE(from, count);
  }

  /** Eight bytes; exact up to 2^53, else it throws. */
  uint64(): number {
    const value = this.bytes.readBigUInt64LE(this.skip(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`the number ${value} is too large`);
    return Number(value);
  }

  /** A number in the protocol's own form: one byte, or 252, 253, 254 and then two, three, eight bytes. */
  packed(): number {
    const first = this.byte();
    if (first < 251) return first;
    if (first === 252) return this.uint(2);
    if (first === 253) return this.uint(3);
    if (first === 254) return this.uint64();
    throw new Error('a number of unknown length');
  }

  text(count: number): string {
    const from = this.skip(count);
    return this.bytes.toString('utf8', from, this.at);
  }

  /** A part of its own, without a copy. */
  part(count: number): Cursor {
    const from = this.skip(count);
    return new Cursor(this.bytes, from, this.at);
  }

  /** A copy. */
  copy(count: number): Buffer {
    const from = this.skip(count);
    return Buffer.from(this.bytes.subarray(from, this.at));
  }
}
