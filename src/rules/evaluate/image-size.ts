import type { Column, Row } from '../../model/row-change.ts';

/**
 * The most a row may weigh that travels in a record or is kept as a dead letter, in characters of its text, about. What is larger is
 * not made into text at all: of a LONGBLOB of 64 MB that would be several hundred MB of heap.
 */
export const MAX_REFRESH_BYTES = 16 * 1024 * 1024;
export const MAX_LETTER_BYTES = 900_000;

/** Whether the text of these columns is longer than `bytes`, about: bytes are written with two digits each. */
export function isImageLarger(row: Row | null, columns: readonly Column[], bytes: number): boolean {
  if (row === null) return false;
  let left = bytes;
  for (const { name } of columns) {
    const value = row[name];
    if (typeof value === 'string') left -= value.length;
    else if (Buffer.isBuffer(value)) left -= 2 * value.length;
  }
  return left < 0;
}
