import type { Invalidation } from '../model/invalidation.ts';
import { formatCoordinates } from '../model/position.ts';

/** One invalidation as a line for a person: what happened to which key, by which rule, row and transaction. */
export function formatInvalidation(invalidation: Invalidation): string {
  const { origin, rule } = invalidation;
  const time = new Date(origin.captureTimeMs).toISOString();
  const transaction = origin.gtid === null ? formatCoordinates(origin.coordinates) : origin.gtid;
  return [
    time,
    invalidation.action.padEnd(7),
    invalidation.action === 'epoch' ? `${invalidation.key} = ${invalidation.version}` : invalidation.key,
    `rule ${rule}`,
    formatCause(invalidation),
    `transaction ${transaction}`,
  ]
    .map(printable)
    .join('  ');
}

/** Control characters, what ends a line elsewhere, and what turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Keys come from rows, and rows from anybody: such text must neither forge lines nor command the terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** A row, or a table where no single row did it. */
function formatCause(invalidation: Invalidation): string {
  const { operation, database, table, primaryKey } = invalidation.origin;
  const what = `${operation} ${database}.${table}`;
  if (invalidation.action === 'flush' && invalidation.reason !== operation) {
    return `${what} (${invalidation.reason.replace('_', ' ')})`;
  }
  return isRowOperation(operation) ? `${what} ${formatPrimaryKey(primaryKey)}` : what;
}

function isRowOperation(operation: Invalidation['origin']['operation']): boolean {
  return operation === 'insert' || operation === 'update' || operation === 'delete';
}

function formatPrimaryKey(primaryKey: Invalidation['origin']['primaryKey']): string {
  if (primaryKey === null) return '(no primary key)';
  return Object.entries(primaryKey)
    .map(([column, value]) => `${column}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(',');
}
