import type { ChangeOrigin } from '../../model/invalidation.ts';
import type { BinlogCoordinates } from '../../model/position.ts';
import type {
  Change,
  Column,
  JsonValue,
  Operation,
  Row,
  RowChange,
  TableChangeOperation,
  Transaction,
} from '../../model/row-change.ts';
import { valueIn } from './column-reader.ts';

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

  constructor(change: Change, place: TableName, keyColumns: readonly Column[] | null, context: OriginContext) {
    this.operation = change.operation;
    this.transaction = change.transaction;
    this.place = place;
    this.context = context;
    const row = change.kind === 'row' ? (change.before ?? change.after) : null;
    const columns = row === null || keyColumns?.length === 0 ? null : keyColumns;
    this.keyColumns = columns;
    this.keyValue = row === null || columns === null ? null : keyValue(row, columns);
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

/** `columns` are those of the primary key, in key order. */
export function primaryKeyOf({ before, after }: RowChange, columns: readonly Column[]): ChangeOrigin['primaryKey'] {
  const row = before ?? after;
  return row === null || columns.length === 0 ? null : keyObject(columns, keyValue(row, columns));
}

function keyObject(columns: readonly Column[], value: JsonValue): Readonly<Record<string, JsonValue>> {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return { [only.name]: value };
  const values = value as readonly JsonValue[];
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]));
}

function keyValue(row: Row, columns: readonly Column[]): JsonValue {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return jsonIn(row, only);
  return columns.map((column) => jsonIn(row, column));
}

function jsonIn(row: Row, column: Column): JsonValue {
  const value = valueIn(row, column);
  return value === null || value === undefined ? null : column.json(value);
}
