import type { ChangeOrigin } from '../model/invalidation.ts';
import type { BinlogCoordinates } from '../model/position.ts';
import type { JsonValue, Operation, RowChange } from '../model/row-change.ts';

/**
 * Who caused it, one object for all invalidations of a row change. It copies the few facts instead of holding on to
 * the row change, so that the row's images can be freed while the invalidation is in flight or kept for `tail`.
 */
export class RowOrigin implements ChangeOrigin {
  readonly database: string;
  readonly table: string;
  readonly operation: Operation;
  readonly primaryKey: Readonly<Record<string, JsonValue>> | null;
  readonly gtid: string | null;
  readonly coordinates: BinlogCoordinates;
  readonly commitTimeMs: number;
  readonly captureTimeMs: number;

  constructor(change: RowChange, captureTimeMs: number) {
    const { table, transaction } = change;
    this.database = table.database;
    this.table = table.name;
    this.operation = change.operation;
    this.primaryKey = primaryKeyOf(change);
    this.gtid = transaction.gtid;
    this.coordinates = transaction.begin;
    // Microseconds stay, as its fraction.
    this.commitTimeMs = transaction.commitTimeUs / 1000;
    this.captureTimeMs = captureTimeMs;
  }
}

function primaryKeyOf({ table, before, after }: RowChange): Record<string, JsonValue> | null {
  const row = before ?? after;
  if (row === null || table.primaryKey.length === 0) return null;
  const primaryKey: Record<string, JsonValue> = {};
  for (const name of table.primaryKey) {
    const value = row[name];
    primaryKey[name] =
      value === null || value === undefined ? null : (table.columnsByName.get(name)?.json(value) ?? null);
  }
  return primaryKey;
}
