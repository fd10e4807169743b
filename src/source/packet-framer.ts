import { SluiceError } from '../runtime/errors.ts';

/** A payload of so many bytes goes on in the next packet. */
const FULL_BYTES = 0xffffff;
/** Three bytes of length, and a number. */
const HEAD_BYTES = 4;

export interface PacketFramerOptions {
  /** A payload, in the bytes it came in; they are never written to again. `number` is that of its last packet. */
  readonly onPayload: (bytes: Buffer, start: number, end: number, number: number) => void;
}

/**
 * Finds the packets of MySQL's protocol in the chunks of a socket. No object is made for a packet, and nothing is copied but those that
 * do not come in one chunk. Source: MySQL source code documentation, "MySQL Packets".
 */
export class PacketFramer {
  readonly #options: PacketFramerOptions;
  /** The beginning of a packet whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** With its head; 0: not known. */
  #wantedBytes = 0;
  /** Payloads that go on in the next packet. */
  #parts: Buffer[] = [];
  /** Of the next packet; null: any. */
  #number: number | null = null;

  constructor(options: PacketFramerOptions) {
    this.#options = options;
  }

  /** Throws when the numbers of the packets do not follow each other: what was taken for the head of a packet was none. */
  push(chunk: Buffer): void {
    let at = this.#heldBytes === 0 ? 0 : this.#complete(chunk);
    const { length } = chunk;
    while (length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + payloadBytes(chunk, at);
      if (end > length) break;
      this.#packet(chunk, at, end);
      at = end;
    }
    if (at < length) this.#hold(chunk, at, length);
  }

  /** What the held packet lacks is taken from the chunk. Returns what comes behind it. */
  #complete(chunk: Buffer): number {
    let at = 0;
    if (this.#heldBytes < HEAD_BYTES) {
      at = Math.min(HEAD_BYTES - this.#heldBytes, chunk.length);
      this.#hold(chunk, 0, at);
      if (this.#heldBytes < HEAD_BYTES) return at;
    }
    if (this.#wantedBytes === 0) {
      const head = Buffer.concat(this.#held);
      this.#held = [head];
      this.#wantedBytes = HEAD_BYTES + payloadBytes(head, 0);
    }
    const end = Math.min(at + this.#wantedBytes - this.#heldBytes, chunk.length);
    this.#hold(chunk, at, end);
    if (this.#heldBytes < this.#wantedBytes) return end;
    const packet = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#wantedBytes = 0;
    this.#packet(packet, 0, packet.length);
    return end;
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    this.#held.push(chunk.subarray(start, end));
    this.#heldBytes += end - start;
  }

  #packet(bytes: Buffer, start: number, end: number): void {
    const payload = start + HEAD_BYTES;
    const number = bytes[start + 3] ?? 0;
    if (number !== this.#number && this.#number !== null) {
      throw new SluiceError('SOURCE_UNAVAILABLE', `packet ${number} of the server came where ${this.#number} was due`);
    }
    this.#number = (number + 1) & 0xff;
    const isFull = end - payload === FULL_BYTES;
    if (!isFull && this.#parts.length === 0) return this.#options.onPayload(bytes, payload, end, number);
    this.#parts.push(bytes.subarray(payload, end));
    if (isFull) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#options.onPayload(whole, 0, whole.length, number);
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}
