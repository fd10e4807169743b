import * as zlib from 'node:zlib';
import { Decompress, decompress } from 'fzstd';
import { Cursor } from './cursor.ts';
import { HEADER_BYTES, lengthOf } from './header.ts';

/** Fields before the payload. Source: MySQL source code documentation, class Transaction_payload_event. */
const FIELD = { end: 0, size: 1, compression: 2, uncompressedSize: 3 } as const;
const ZSTD = 0;
const NONE = 255;

/** Up to this size a payload is uncompressed at once; beyond it in pieces, so that no more of it is held than what was asked for. */
const WHOLE_BYTES = 1 << 20;
/** Compressed bytes that are given to the decompressor at a time. */
const PIECE_BYTES = 16 * 1024;
/** As far back as a sound stream may look: what `zstd` allows by default. More is damage, and would take as much memory. */
const MAX_WINDOW_BYTES = 1 << 27;

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
  /** Uncompressed and not given out. */
  #ready: Buffer;
  #at = 0;
  /** How much of the payload the decompressor has had. */
  #given = 0;
  #uncompressedBytes = 0;
  readonly #stream: Decompress | null;
  readonly #pieces: Uint8Array[] = [];

  constructor(facts: PayloadFacts) {
    this.#facts = facts;
    const { isCompressed, uncompressedBytes, payload } = facts;
    if (isCompressed) requireWindow(facts);
    if (!isCompressed || uncompressedBytes <= WHOLE_BYTES) {
      this.#ready = isCompressed ? whole(payload, uncompressedBytes) : payload;
      this.#stream = null;
      return;
    }
    this.#ready = Buffer.alloc(0);
    this.#stream = new Decompress((piece) => this.#pieces.push(piece));
  }

  /** Bytes that it holds. */
  get heldBytes(): number {
    return this.#facts.payload.length + this.#ready.length - this.#at;
  }

  /** The next event: its header and its body, without a checksum. Null at the end. Throws when it ends inside an event. */
  next(): Buffer | null {
    while (this.#ready.length - this.#at < HEADER_BYTES) {
      if (this.#more()) continue;
      if (this.#ready.length === this.#at) return null;
      throw new Error('a compressed transaction that ends inside an event');
    }
    const length = lengthOf(this.#ready, this.#at);
    if (length < HEADER_BYTES || this.#at + length - this.#ready.length > this.#leftBytes) {
      throw new Error(`an event of ${length} bytes in a compressed transaction`);
    }
    while (this.#ready.length - this.#at < length) {
      if (!this.#more()) throw new Error('a compressed transaction that ends inside an event');
    }
    const from = this.#at;
    this.#at += length;
    return this.#ready.subarray(from, this.#at);
  }

  /** What is still to be uncompressed, as the event says. */
  get #leftBytes(): number {
    return this.#stream === null ? 0 : this.#facts.uncompressedBytes - this.#uncompressedBytes;
  }

  /** False: that was all. */
  #more(): boolean {
    const { payload, uncompressedBytes } = this.#facts;
    if (this.#stream === null || this.#given >= payload.length) return false;
    const to = Math.min(payload.length, this.#given + PIECE_BYTES);
    // A copy: it keeps what it is given.
    this.#stream.push(Uint8Array.from(payload.subarray(this.#given, to)), to === payload.length);
    this.#given = to;
    const pieces = this.#pieces.splice(0);
    for (const piece of pieces) this.#uncompressedBytes += piece.length;
    if (this.#uncompressedBytes > uncompressedBytes) throw tooLong(uncompressedBytes);
    this.#ready = Buffer.concat([this.#ready.subarray(this.#at), ...pieces]);
    this.#at = 0;
    return true;
  }
}

function whole(payload: Buffer, uncompressedBytes: number): Buffer {
  const events =
    native === undefined
      ? Buffer.from(decompress(payload, new Uint8Array(uncompressedBytes)))
      : native(payload, { maxOutputLength: Math.max(1, uncompressedBytes) });
  if (events.length !== uncompressedBytes) throw tooLong(uncompressedBytes);
  return events;
}

function tooLong(bytes: number): Error {
  return new Error(`a compressed transaction that is not as long as it says (${bytes} bytes)`);
}

/** How far back the stream may look, from its first frame's header. Source: RFC 8878, "Frame Header". */
function requireWindow({ payload, uncompressedBytes }: PayloadFacts): void {
  const cursor = new Cursor(payload, 0, payload.length);
  if (cursor.uint(4) !== 0xfd2fb528) throw new Error('a compressed transaction that is not zstd');
  const descriptor = cursor.byte();
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const window = isSingleSegment ? contentSize(cursor, descriptor) : windowSize(cursor.byte());
  if (window > (isSingleSegment ? Math.min(uncompressedBytes, MAX_WINDOW_BYTES) : MAX_WINDOW_BYTES)) {
    throw new Error(`a compressed transaction with a window of ${window} bytes`);
  }
}

function windowSize(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/** Of a frame of one segment, which is its window too. */
function contentSize(cursor: Cursor, descriptor: number): number {
  cursor.skip([0, 1, 2, 4][descriptor & 3] ?? 0);
  const width = [1, 2, 4, 8][descriptor >> 6] ?? 1;
  if (width === 8) return cursor.uint64();
  return cursor.uint(width) + (width === 2 ? 256 : 0);
}
