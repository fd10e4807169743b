import { Cursor } from './cursor.ts';

/**
 * How far back a stream may look. fzstd reads no more than 25 bits of a distance, and says nothing when there are more; and the window
 * is memory. `zstd` needs as much from level 21 on, and only for what is as long itself.
 */
const MAX_WINDOW_BYTES = 2 ** 26;

const MAGIC = 0xfd2fb528;
const RUN = 1;

/** A part of a stream: a block, and what stands before it (the head of its frame) and behind it (a checksum). */
export interface ZstdPart {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the blocks of a zstd stream are, so that they can be uncompressed one by one: none of them holds more than 2 MiB, however small
 * it is. Source: RFC 8878, "Zstandard Frames".
 */
export class ZstdBlocks {
  readonly #cursor: Cursor;
  readonly #uncompressedBytes: number;
  #isInFrame = false;
  #hasChecksum = false;

  constructor(stream: Buffer, uncompressedBytes: number) {
    this.#cursor = new Cursor(stream, 0, stream.length);
    this.#uncompressedBytes = uncompressedBytes;
  }

  /** Null: that was all. Throws for what is no zstd, ends too early, or looks back too far. */
  next(): ZstdPart | null {
    const cursor = this.#cursor;
    if (!this.#isInFrame && cursor.left === 0) return null;
    const from = cursor.at;
    if (!this.#isInFrame) this.#frame();
    const head = cursor.uint(3);
    const type = (head >> 1) & 3;
    cursor.skip(type === RUN ? 1 : head >> 3);
    this.#isInFrame = (head & 1) === 0;
    if (!this.#isInFrame && this.#hasChecksum) cursor.skip(4);
    return { from, to: cursor.at };
  }

  /** The head of a frame. */
  #frame(): void {
    const cursor = this.#cursor;
    if (cursor.uint(4) !== MAGIC) throw new Error('a compressed transaction that is not zstd');
    const descriptor = cursor.byte();
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 4) !== 0;
    const window = isSingleSegment ? null : windowSize(cursor.byte());
    if ((descriptor & 3) !== 0) throw new Error('a compressed transaction that needs a dictionary');
    const content = contentSize(cursor, descriptor >> 6, isSingleSegment);
    if (content > this.#uncompressedBytes) throw new Error(`${content} bytes in a compressed transaction of ${this.#uncompressedBytes}`); // prettier-ignore
    requireWindow(window ?? content, this.#uncompressedBytes);
  }
}

/** Nothing can look back farther than to where it begins: with level 22 each stream says 128 MiB, also a short one. */
function requireWindow(window: number, uncompressedBytes: number): void {
  if (Math.min(window, uncompressedBytes) < MAX_WINDOW_BYTES && window <= 2 * MAX_WINDOW_BYTES) return;
  throw new Error(
    `a compressed transaction with a window of ${window} bytes: set binlog_transaction_compression_level_zstd below 21`,
  );
}

function windowSize(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/** Of a frame of one segment, which is its window too; else it need not be there. */
function contentSize(cursor: Cursor, flag: number, isSingleSegment: boolean): number {
  const width = flag === 0 && !isSingleSegment ? 0 : 1 << flag;
  if (width === 0) return 0;
  if (width === 8) return cursor.uint64();
  return cursor.uint(width) + (width === 2 ? 256 : 0);
}
