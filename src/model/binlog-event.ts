/**
 * Events of the binary log as the source hands them to the decoder: facts of the replication protocol, whoever reads
 * them from the wire. Which fields an event has depends on its type code (src/decode/event-type.ts).
 */

/** What every event has. */
export interface BinlogEvent {
  /** Header time in ms since the epoch, whole seconds: when the statement began on the source. 0 in artificial events. */
  readonly timestamp: number;
  /** Offset in the file behind the event; 0 in artificial events, and inside the transactions of MariaDB. */
  readonly nextPosition: number;
  /** Bytes without header and checksum. */
  readonly size: number;
}

/** Another file goes on here. Also sent, artificially, at the start of every dump. */
export interface RotateEvent extends BinlogEvent {
  readonly binlogName: string;
  /** Where in the new file. */
  readonly position: number;
}

/** GTID, anonymous GTID (its `gtid` means nothing) and MariaDB's GTID: a transaction begins. */
export interface GtidEvent extends BinlogEvent {
  readonly gtid: string;
  /** When the transaction was committed where it was first executed, µs since the epoch; absent where it is not told. */
  readonly commitTimeUs?: number | undefined;
  /** MariaDB: the transaction is one statement (DDL) and has no commit event. */
  readonly standalone?: boolean;
  /** MariaDB: it ends with an XA PREPARE. */
  readonly preparedXa?: boolean;
}

/** An XA transaction is prepared; on MySQL also `XA COMMIT … ONE PHASE`. */
export interface XaPrepareEvent extends BinlogEvent {
  /** Committed at once, without a prepared state. */
  readonly onePhase: boolean;
  readonly xidFormatId: number;
  readonly xidGtrid: Buffer;
  readonly xidBqual: Buffer;
}

export interface QueryEvent extends BinlogEvent {
  readonly query: string;
  /** The default database of the session; empty if it had none. */
  readonly schema: string;
}

/** Sent while nothing happens, and after transactions the server skipped for us. */
export interface HeartbeatEvent extends BinlogEvent {
  readonly binlogName: string;
}

/** One column as it was when the row was written. */
export interface ColumnDefinition {
  readonly name: string;
  /** The type as the server declares it: `int unsigned`, `varchar(20)`, `enum('a','b')`, … */
  readonly columnType: string;
  /** Null: no character set, or a binary string. */
  readonly charset: string | null;
}

/**
 * The definition of a table under a number that the row events behind it name. The source may leave out an event that
 * equals the last one with the same number in this file: a number keeps its meaning until another event with it, or a
 * rotation.
 */
export interface TableMapEvent extends BinlogEvent {
  readonly tableId: number;
  readonly schemaName: string;
  readonly tableName: string;
  readonly columns: readonly ColumnDefinition[];
  /** Positions of the primary key's columns, in key order. */
  readonly primaryKey?: readonly number[];
}

/** Columns by name; one that the log does not have is undefined. */
export type RowImage = Readonly<Record<string, unknown>>;

export interface RowsEvent extends BinlogEvent {
  readonly tableId: number;
  /** One of each row; of an update two, before and after. */
  readonly images: readonly RowImage[];
}
