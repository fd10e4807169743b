/** What a worker is given at once weighs at most this much, unless a single one weighs more: rows may be large. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** How many of the items from `begin` on make a batch: at most `maxItems`, at most MAX_BATCH_BYTES, and at least one. */
export function batchLength<T>(
  items: readonly T[],
  begin: number,
  { maxItems, bytesOf }: { readonly maxItems: number; readonly bytesOf: (item: T) => number },
): number {
  const last = Math.min(items.length, begin + maxItems);
  let bytes = 0;
  for (let index = begin; index < last; index++) {
    const item = items[index];
    if (item === undefined) break;
    bytes += bytesOf(item);
    if (bytes > MAX_BATCH_BYTES && index > begin) return index - begin;
  }
  return last - begin;
}
