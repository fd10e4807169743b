import type { Invalidation } from './invalidation.ts';
import type { JsonValue } from './row-change.ts';

/**
 * What an invalidation weighs in memory while it waits, beside the bytes of its row: objects, key, origin. Without it a transaction
 * of small rows matched by many rules would hold many times the configured bytes.
 */
export const INVALIDATION_BYTES = 500;

/** In bytes, about: what it is made of, and the row that a refresh carries. */
export function weigh(invalidation: Invalidation): number {
  if (invalidation.action !== 'refresh') return INVALIDATION_BYTES;
  return INVALIDATION_BYTES + weighValue(invalidation.row.columns);
}

/** Texts count twice: a character takes one byte or two, and before it leaves it is copied once. */
export function weighValue(value: JsonValue): number {
  if (typeof value === 'string') return 2 * value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let bytes = 0;
  for (const part of Object.values(value)) bytes += weighValue(part);
  return bytes;
}
