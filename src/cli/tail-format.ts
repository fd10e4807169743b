import type { Invalidation } from '../model/invalidation.ts';
import { formatCoordinates } from '../model/position.ts';

/** One invalidation as a line for a person: what happened to which key, by which rule, row and transaction. */
export function formatInvalidation(invalidation: Invalidation): string {
  const { origin } = invalidation;
  const time = new Date(origin.captureTimeMs).toISOString().slice(11, 23);
  const transaction = origin.gtid === null ? formatCoordinates(origin.coordinates) : origin.gtid;
  return [
    time,
    invalidation.action.padEnd(7),
    invalidation.key,
    `rule ${invalidation.rule}`,
    `${origin.operation} ${origin.database}.${origin.table} ${formatPrimaryKey(origin.primaryKey)}`,
    `transaction ${transaction}`,
  ].join('  ');
}

function formatPrimaryKey(primaryKey: Invalidation['origin']['primaryKey']): string {
  if (primaryKey === null) return '(no primary key)';
  return Object.entries(primaryKey)
    .map(([column, value]) => `${column}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(',');
}
