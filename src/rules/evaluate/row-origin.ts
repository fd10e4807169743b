import type { ChangeOrigin } from '../../model/invalidation.ts';
import type { BinlogCoordinates } from '../../model/position.ts';
import type { Change, Column, JsonValue, Operation, RowChange, TableChangeOperation } from '../../model/row-change.ts';

/** How an origin names the table of a change that is about every table of a database. */
export const EVERY_TABLE = '*';

/** What all origins of one evaluation share. */
export interface OriginContext {
  readonly captureTimeMs: number;
  /** RuleSet.hash */
  readonly ruleSet: string;
}

export interface TableName {
  readonly database: string;
  readonly table: string;
}

/**
 * Who caused it, one object for all invalidations of a change. It copies the few facts instead of holding on to
 * the change, so that a row's images can be freed while the invalidation is in flight or kept for `tail`.
 */
export class RowOrigin implements ChangeOrigin {
  readonly database: string;
  readonly table: string;
  readonly operation: Operation | TableChangeOperation;
  readonly primaryKey: Readonly<Record<string, JsonValue>> | null;
  readonly gtid: string | null;
  readonly coordinates: BinlogCoordinates;
  readonly commitTimeMs: number;
  readonly captureTimeMs: number;
  readonly ruleSet: string;

  /** `primaryKey`: null when it is about more than one row. */
  constructor(
    { operation, transaction }: Change,
    { database, table }: TableName,
    primaryKey: ChangeOrigin['primaryKey'],
    { captureTimeMs, ruleSet }: OriginContext,
  ) {
    this.database = database;
    this.table = table;
    this.operation = operation;
    this.primaryKey = primaryKey;
    this.gtid = transaction.gtid;
    this.coordinates = transaction.begin;
    // Microseconds stay, as its fraction.
    this.commitTimeMs = transaction.commitTimeUs / 1000;
    this.captureTimeMs = captureTimeMs;
    this.ruleSet = ruleSet;
  }
}

/** `columns` are those of the primary key, in key order. */
export function primaryKeyOf({ before, after }: RowChange, columns: readonly Column[]): ChangeOrigin['primaryKey'] {
  const row = before ?? after;
  if (row === null || columns.length === 0) return null;
  const primaryKey: Record<string, JsonValue> = {};
  for (const column of columns) {
    const value = row[column.name];
    primaryKey[column.name] = value === null || value === undefined ? null : column.json(value);
  }
  return primaryKey;
}
