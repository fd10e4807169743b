import * as zlib from 'node:zlib';
import { Decompress, decompress } from 'fzstd';
import { Cursor } from './cursor.ts';
import { HEADER_BYTES, lengthOf } from './header.ts';
import { ZstdBlocks } from './zstd-blocks.ts';

/** Fields before the payload. Source: MySQL source code documentation, class Transaction_payload_event. */
const FIELD = { end: 0, size: 1, compression: 2, uncompressedSize: 3 } as const;
const ZSTD = 0;
const NONE = 255;

/** Up to this size a payload is uncompressed at once; beyond it block by block, so that no more of it is held than what was asked for. */
const WHOLE_BYTES = 1 << 20;

/** Only Node 22.15 and later have it, and the types of Node 20 do not know. */
const native = (zlib as { zstdDecompressSync?: (bytes: Uint8Array, options: object) => Buffer }).zstdDecompressSync;

export interface PayloadFacts {
  readonly isCompressed: boolean;
  readonly uncompressedBytes: number;
  /** The payload itself. */
  readonly payload: Buffer;
}

/** A type, a length and a value each, until type 0; the payload is behind them. */
export function parsePayload(bytes: Buffer, start: number, end: number): PayloadFacts {
  const cursor = new Cursor(bytes, start + HEADER_BYTES, end);
  const facts = new Map<number, number>();
  for (;;) {
    const field = cursor.packed();
    if (field === FIELD.end) break;
    const value = cursor.part(cursor.packed());
    facts.set(field, value.packed());
  }
  const compression = facts.get(FIELD.compression);
  if (compression !== ZSTD && compression !== NONE) {
    throw new Error(`a transaction compressed by method ${compression}, which is not known to Sluice`);
  }
  const size = facts.get(FIELD.size) ?? cursor.left;
  const from = cursor.skip(size);
  return {
    isCompressed: compression === ZSTD,
    uncompressedBytes: facts.get(FIELD.uncompressedSize) ?? size,
    payload: bytes.subarray(from, from + size),
  };
}

/** The events of a compressed transaction, one by one: no more of it is uncompressed than is asked for. */
export class PayloadEvents {
  readonly #facts: PayloadFacts;
  /** Uncompressed and not given out: what is left of `#ready`, then the pieces. They are put together once for an event, not for each piece. */
  #ready: Buffer;
  #at = 0;
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  /** What is still to be uncompressed, as the event says. */
  #leftBytes: number;
  /** Null: all is uncompressed. */
  readonly #stream: { readonly blocks: ZstdBlocks; readonly decompress: Decompress } | null;

  constructor(facts: PayloadFacts) {
    this.#facts = facts;
    const { isCompressed, uncompressedBytes, payload } = facts;
    const blocks = new ZstdBlocks(payload, uncompressedBytes);
    if (isCompressed && uncompressedBytes > WHOLE_BYTES) {
      this.#ready = Buffer.alloc(0);
      this.#leftBytes = uncompressedBytes;
      this.#stream = { blocks, decompress: new Decompress((piece) => this.#take(piece)) };
      return;
    }
    this.#ready = isCompressed ? whole(payload, uncompressedBytes, blocks) : payload;
    this.#leftBytes = 0;
    this.#stream = null;
  }

  /** Bytes that it holds. */
  get heldBytes(): number {
    return this.#facts.payload.length + this.#readyBytes;
  }

  /** The next event: its header and its body, without a checksum. Null at the end. Throws when it ends inside an event, or too early. */
  next(): Buffer | null {
    if (!this.#has(HEADER_BYTES)) {
      if (this.#readyBytes > 0) throw endsInside();
      if (this.#leftBytes > 0) throw notAsLong(this.#facts.uncompressedBytes);
      return null;
    }
    const length = lengthOf(this.#ready, this.#at);
    if (length < HEADER_BYTES || length > this.#readyBytes + this.#leftBytes) {
      throw new Error(`an event of ${length} bytes in a compressed transaction`);
    }
    if (!this.#has(length)) throw endsInside();
    const from = this.#at;
    this.#at += length;
    return this.#ready.subarray(from, this.#at);
  }

  get #readyBytes(): number {
    return this.#ready.length - this.#at + this.#piecesBytes;
  }

  /** Uncompresses until so many bytes stand one behind the other. False: there are no more. */
  #has(count: number): boolean {
    while (this.#readyBytes < count) if (!this.#more()) return false;
    if (this.#ready.length - this.#at < count) {
      this.#ready = Buffer.concat([this.#ready.subarray(this.#at), ...this.#pieces]);
      this.#at = 0;
      this.#pieces = [];
      this.#piecesBytes = 0;
    }
    return true;
  }

  /** One block. False: that was all. */
  #more(): boolean {
    if (this.#stream === null) return false;
    const { blocks, decompress } = this.#stream;
    const part = blocks.next();
    if (part === null) return false;
    const { buffer, byteOffset, length } = this.#facts.payload;
    decompress.push(new Uint8Array(buffer, byteOffset + part.from, part.to - part.from), part.to === length);
    return true;
  }

  #take(piece: Uint8Array): void {
    this.#leftBytes -= piece.length;
    if (this.#leftBytes < 0) throw notAsLong(this.#facts.uncompressedBytes);
    this.#pieces.push(piece);
    this.#piecesBytes += piece.length;
  }
}

function whole(payload: Buffer, uncompressedBytes: number, blocks: ZstdBlocks): Buffer {
  // Only to see that it can be read: the window of each frame, and that nothing is missing.
  while (blocks.next() !== null);
  const events =
    native === undefined
      ? Buffer.from(decompress(payload, new Uint8Array(uncompressedBytes)))
      : native(payload, { maxOutputLength: Math.max(1, uncompressedBytes) });
  if (events.length !== uncompressedBytes) throw notAsLong(uncompressedBytes);
  return events;
}

function notAsLong(bytes: number): Error {
  return new Error(`a compressed transaction that is not as long as it says (${bytes} bytes)`);
}

function endsInside(): Error {
  return new Error('a compressed transaction that ends inside an event');
}
