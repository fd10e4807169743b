import type { BinlogCoordinates, TransactionEnd } from './position.ts';
import type { Version } from './version.ts';

export type Operation = 'insert' | 'update' | 'delete';

/** What a table change does to the rows of a mapped table without saying so row by row. */
export type TableOperation = 'truncate' | 'drop' | 'rename' | 'alter';

/** `unknown_rows`: rows changed as rows do, but nobody can say which: an XA transaction whose rows were not seen, or not kept. */
export type TableChangeOperation = TableOperation | 'unknown_rows';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** A column value as the decoder delivers it; only the column's own `text` and `json` know how to read it. */
export type ColumnValue = unknown;

export interface Column {
  readonly name: string;
  /** The type in words, as docs/types.md names it: `int unsigned`, `decimal`, `varchar`, … */
  readonly type: string;
  /** Where it stands in its table, from 0; absent where rows do not come from the log. */
  readonly place?: number;
  /** Canonical text, what `CAST(column AS CHAR)` gives in UTC (docs/types.md). Never called with null. */
  text(value: ColumnValue): string;
  /** The value for JSON: numbers where they are exact, else the canonical text; JSON columns as they are. */
  json(value: ColumnValue): JsonValue;
}

/** The table as it was when the row change was written (the TableMap event), not as it is now. */
export interface Table {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly columnsByName: ReadonlyMap<string, Column>;
  /** Names of the primary key's columns in key order; empty if the table has none. */
  readonly primaryKey: readonly string[];
}

/** What rows of the log have beside their columns. Symbols, because any name may be one of a column. */
export const VALUE_AT: unique symbol = Symbol('value at');
export const SAME_AT: unique symbol = Symbol('same at');
export const HAS_AT: unique symbol = Symbol('has at');

/** One image of a row: column name → value. */
export type Row = Readonly<Record<string, ColumnValue>> & {
  /** The same by the column's place in the table, which is much quicker. */
  [VALUE_AT]?(place: number): ColumnValue;
  /** True: the column surely holds the same in the other image, and nothing of it was decoded to find out. */
  [SAME_AT]?(place: number, other: Row): boolean;
  /** True: the log says something of the column here, even if its value is not known: changes of a document that is not in the log. */
  [HAS_AT]?(place: number): boolean;
};

/** Facts shared by all row changes of a transaction. */
export interface Transaction {
  readonly gtid: string | null;
  /** Commit time on the source, µs since the epoch (whole seconds where the server tells no more). */
  readonly commitTimeUs: number;
  /** Where the transaction's first event begins. */
  readonly begin: BinlogCoordinates;
}

export interface RowChange {
  readonly kind: 'row';
  readonly operation: Operation;
  readonly table: Table;
  /** null for an insert. */
  readonly before: Row | null;
  /** null for a delete. */
  readonly after: Row | null;
  readonly version: Version;
  readonly transaction: Transaction;
}

/**
 * A statement that changed or removed rows of a table without logging them (DDL, TRUNCATE). A RENAME is one table change for
 * each name that now means something else: the old names and the new ones. It has a version of its own, as a row change has.
 */
export interface TableChange {
  readonly kind: 'table';
  readonly operation: TableChangeOperation;
  /** Null: any database, because its name cannot be read or is not known; `table` is then null too. */
  readonly database: string | null;
  /** Null: every table of the database: DROP DATABASE, or a statement whose table names cannot be read. */
  readonly table: string | null;
  readonly version: Version;
  readonly transaction: Transaction;
}

export type Change = RowChange | TableChange;

/**
 * The unit that moves from source to transport: row changes and table changes in commit order. A batch holds whole transactions and
 * ends with one (`end` is set), or is a chunk of a transaction too large for memory (`end` is null).
 * Empty batches travel too (nothing matched, a heartbeat), so that the watermark keeps moving.
 */
export interface ChangeBatch {
  readonly changes: readonly Change[];
  /** Size of the row events on the wire in bytes: what the bounds count. */
  readonly sizeBytes: number;
  /** Null while the transaction goes on: such a batch may not move the watermark. */
  readonly end: TransactionEnd | null;
  /** Commit time of the newest transaction in it, ms since the epoch; null for a heartbeat: nothing is waiting. */
  readonly commitTimeMs: number | null;
  /** How many transactions ended in it; absent: one, if any has. */
  readonly transactions?: number;
  /**
   * How many transactions ended in it that `end` does not cover: an XA transaction before them is still prepared, and must come
   * again after a restart. Set also when there are none and `end` is null for that reason alone.
   */
  readonly heldEnds?: number;
}

/** Is no transaction open behind the batch? */
export function endsTransaction({ end, heldEnds }: Pick<ChangeBatch, 'end' | 'heldEnds'>): boolean {
  return end !== null || heldEnds !== undefined;
}
