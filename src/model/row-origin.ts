import type { ChangeOrigin } from './invalidation.ts';
import type { BinlogCoordinates } from './position.ts';
import type { Column, JsonValue, Operation, TableChangeOperation, Transaction } from './row-change.ts';

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

/** An origin that is written in bytes which it shares with others, from `begin` to `end`. */
export interface WrittenOrigin extends ChangeOrigin {
  readonly bytes: Buffer;
  readonly begin: number;
  readonly end: number;
  readonly reader: { originIn(bytes: Buffer, begin: number, end: number): WrittenOrigin };
}

export function isWritten(origin: ChangeOrigin): origin is WrittenOrigin {
  return 'reader' in origin;
}

/**
 * Who caused it, one object for all invalidations of a change. It holds on to the transaction, but not to the change, so that a row's
 * images can be freed while the invalidation is in flight or kept for `tail`. What it says is put together when somebody asks: of most
 * invalidations nobody does.
 */
export class RowOrigin implements ChangeOrigin {
  readonly operation: Operation | TableChangeOperation;
  readonly transaction: Transaction;
  readonly place: TableName;
  readonly context: OriginContext;
  /** Columns of the primary key, in key order; null when it is about more than one row. */
  readonly keyColumns: readonly Column[] | null;
  /** The value of the only one, else of each. */
  readonly keyValue: JsonValue;

  constructor(
    operation: Operation | TableChangeOperation,
    transaction: Transaction,
    place: TableName,
    context: OriginContext,
    keyColumns: readonly Column[] | null,
    keyValue: JsonValue,
  ) {
    this.operation = operation;
    this.transaction = transaction;
    this.place = place;
    this.context = context;
    this.keyColumns = keyColumns;
    this.keyValue = keyValue;
  }

  get database(): string {
    return this.place.database;
  }

  get table(): string {
    return this.place.table;
  }

  get primaryKey(): Readonly<Record<string, JsonValue>> | null {
    return this.keyColumns === null ? null : keyObject(this.keyColumns, this.keyValue);
  }

  get gtid(): string | null {
    return this.transaction.gtid;
  }

  get coordinates(): BinlogCoordinates {
    return this.transaction.begin;
  }

  /** Microseconds stay, as its fraction. */
  get commitTimeMs(): number {
    return this.transaction.commitTimeUs / 1000;
  }

  get captureTimeMs(): number {
    return this.context.captureTimeMs;
  }

  get ruleSet(): string {
    return this.context.ruleSet;
  }
}

/** `value`: of the only column, else of each. */
export function keyObject(columns: readonly Column[], value: JsonValue): Readonly<Record<string, JsonValue>> {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return { [only.name]: value };
  const values = value as readonly JsonValue[];
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]));
}
