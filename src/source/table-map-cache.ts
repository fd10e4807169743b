import type { Packet } from './zongji-internals.ts';

/** Marker byte and event header; the body begins with the table id in six bytes. */
const BODY = 1 + 19;

/** The bytes of the last TABLE_MAP event of each table id: the same bytes are the same definition. */
export class TableMapCache {
  readonly #bodies = new Map<number, Buffer>();

  /** Whether the id was defined by the same bytes before; remembers them if not. */
  isKnown({ buffer, offset, end }: Packet, checksumBytes: number): boolean {
    const from = offset + BODY;
    const to = end - checksumBytes;
    const tableId = buffer.readUIntLE(from, 6);
    const known = this.#bodies.get(tableId);
    if (known?.compare(buffer, from, to) === 0) return true;
    this.#bodies.set(tableId, Buffer.from(buffer.subarray(from, to)));
    return false;
  }

  clear(): void {
    this.#bodies.clear();
  }
}
