import type { ChangeOrigin } from '../../model/invalidation.ts';
import { formatCoordinates } from '../../model/position.ts';
import type { JsonValue, Row, RowChange, Table } from '../../model/row-change.ts';
import type { DeadLetter } from '../../ports.ts';
import { SluiceError, type ErrorCode } from '../../runtime/errors.ts';
import { isImageLarger, MAX_LETTER_BYTES } from './image-size.ts';

/** What one row can do to one rule. Everything else that is thrown is nobody's row, and stops the line. */
const ROW_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'RULE_TOO_MANY_KEYS',
  'RULE_FILTER_FAILED',
  'RULE_KEY_TOO_LONG',
  'RULE_CONDITION_FAILED',
  'RULE_LOOKUP_FAILED',
  'RULE_COLUMN_MISSING',
]);

/** The reason for a dead letter; throws what is no row's fault. */
export function reasonOf(error: unknown): string {
  if (error instanceof SluiceError && ROW_ERRORS.has(error.code)) return `${error.code}: ${error.message}`;
  throw error;
}

/**
 * Is it the lookup that is at fault, and not this row: a column or a table that it needs is gone? What else a server refuses may be
 * about one row's parameters.
 */
export function isLookupBroken(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return false;
  if (error.code === 'RULE_COLUMN_MISSING') return true;
  return error.code === 'RULE_LOOKUP_FAILED' && /Unknown column|doesn't exist/.test(error.message);
}

/** A row change that a rule could not be applied to, with all that is known of both images, unless they are too large. */
export function unmappedLetter(rule: string, change: RowChange, origin: ChangeOrigin, reason: string): DeadLetter {
  const { table, before, after, version, transaction } = change;
  const tooLarge = [before, after].some((row) => isImageLarger(row, table.columns, MAX_LETTER_BYTES));
  return {
    reason,
    item: {
      kind: 'unmapped',
      rule,
      origin,
      version,
      before: tooLarge ? null : imageOf(before, table),
      after: tooLarge ? null : imageOf(after, table),
      ...(tooLarge ? { truncated: true } : {}),
      place: formatCoordinates(transaction.begin),
    },
    target: null,
  };
}

function imageOf(row: Row | null, { columns }: Table): Record<string, JsonValue> | null {
  if (row === null) return null;
  const image: Record<string, JsonValue> = {};
  for (const column of columns) {
    const value = row[column.name];
    // What the log does not have is not NULL: as NULL a replay would take it for a value, and find no key.
    if (value !== undefined) image[column.name] = value === null ? null : column.json(value);
  }
  return image;
}
