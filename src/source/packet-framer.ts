import { SluiceError } from '../runtime/errors.ts';

/** A payload of so many bytes goes on in the next packet. */
const FULL_BYTES = 0xffffff;
/** Three bytes of length, and a number. */
const HEAD_BYTES = 4;
const NOTHING = Buffer.alloc(0);

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
  /** A packet whose end has not come, as large as it will be; while not even its head has come, as large as that. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;
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
    if (at < length) this.#hold(chunk, at);
  }

  #hold(chunk: Buffer, at: number): void {
    const isHeadWhole = chunk.length - at >= HEAD_BYTES;
    this.#held = Buffer.allocUnsafe(HEAD_BYTES + (isHeadWhole ? payloadBytes(chunk, at) : 0));
    this.#fill(chunk, at);
  }

  /** What the held packet lacks is taken from the chunk. Returns what comes behind it. */
  #complete(chunk: Buffer): number {
    let at = 0;
    if (this.#heldBytes < HEAD_BYTES) {
      at = this.#fill(chunk, 0);
      if (this.#heldBytes < HEAD_BYTES) return at;
      const head = this.#held;
      this.#held = Buffer.allocUnsafe(HEAD_BYTES + payloadBytes(head, 0));
      head.copy(this.#held);
    }
    at = this.#fill(chunk, at);
    const packet = this.#held;
    if (this.#heldBytes < packet.length) return at;
    this.#held = NOTHING;
    this.#heldBytes = 0;
    this.#packet(packet, 0, packet.length);
    return at;
  }

  /** Not by Buffer.concat: every chunk ends within a packet, and V8 optimises that function anew, in vain, each time. */
  #fill(chunk: Buffer, from: number): number {
    const end = Math.min(from + this.#held.length - this.#heldBytes, chunk.length);
    chunk.copy(this.#held, this.#heldBytes, from, end);
    this.#heldBytes += end - from;
    return end;
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
