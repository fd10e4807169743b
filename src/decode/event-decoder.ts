import type {
  BinlogEvent,
  GtidEvent,
  HeartbeatEvent,
  QueryEvent,
  RotateEvent,
  RowsEvent,
  TableMapEvent,
} from '../model/binlog-event.ts';
import { formatCoordinates, type ResumePoint } from '../model/position.ts';
import type { Change, ChangeBatch, Operation, Transaction } from '../model/row-change.ts';
import { firstVersion, type Version } from '../model/version.ts';
import { SluiceError } from '../runtime/errors.ts';
import { BatchBuilder } from './batch-builder.ts';
import { EVENT, eventName, WITHOUT_CHANGES, whyUnreadable } from './event-type.ts';
import { queryKind } from './query-kind.ts';
import { rowChange } from './row-change.ts';
import { touchedTables } from './table-change.ts';
import { TableRegistry } from './table-registry.ts';

export interface EventDecoderOptions {
  /** Where the stream of events begins: always a transaction end. */
  readonly from: ResumePoint;
  /** A transaction with more bytes of row events than this is handed over in chunks. */
  readonly maxChunkBytes: number;
  /** The server keeps table names in lower case (lower_case_table_names=1), however a statement writes them. */
  readonly lowerCaseNames?: boolean;
}

/**
 * Turns the events of one connection into batches of row changes and table changes; the only place that knows where transactions begin
 * and end. One decoder per connection attempt: it begins at a transaction end with the last version given out there,
 * so the same events get the same versions however often they are read.
 *
 * A transaction begins with a GTID event (MySQL: GTID or anonymous GTID; MariaDB: always) or `BEGIN`, and ends with:
 * XID (InnoDB), `COMMIT`/`ROLLBACK` as a query (other engines), XA PREPARE or `XA COMMIT`, or, if it never said
 * `BEGIN`, with the one query it consists of (DDL). Source: MySQL manual, "The Binary Log"; MariaDB manual,
 * "Replication Protocol".
 */
export class EventDecoder {
  readonly #tables: TableRegistry;
  readonly #batches: BatchBuilder;
  readonly #lowerCaseNames: boolean;
  #file: string;
  /** Where the last event ended; never goes back within a file. */
  #offset: number;
  #version: number;
  /** The open transaction, null between transactions. */
  #transaction: Transaction | null = null;
  /** Whether it has said BEGIN, so that a query does not end it. */
  #explicit = false;
  #changesOfTransaction = 0;

  constructor({ from, maxChunkBytes, lowerCaseNames = false }: EventDecoderOptions) {
    this.#file = from.position.coordinates.file;
    this.#offset = from.position.coordinates.offset;
    this.#version = from.lastVersion;
    this.#tables = new TableRegistry(from.position.flavour);
    this.#batches = new BatchBuilder(maxChunkBytes);
    this.#lowerCaseNames = lowerCaseNames;
  }

  /** Bytes of row events not taken yet. */
  get bufferedBytes(): number {
    return this.#batches.bufferedBytes;
  }

  /** Where the stream is: `binlog.000007:4242 in <gtid>`. */
  get place(): string {
    const gtid = this.#transaction?.gtid ?? null;
    return `${formatCoordinates({ file: this.#file, offset: this.#offset })}${gtid === null ? '' : ` in ${gtid}`}`;
  }

  /**
   * The next batch: all complete transactions, else a chunk of an open one that grew too large, else null. To be
   * called again until null.
   */
  take(): ChangeBatch | null {
    return this.#batches.take();
  }

  /** One event, in stream order. Throws SOURCE_DECODE for what may carry changes and cannot be read. */
  push(type: number, event: BinlogEvent): void {
    switch (type) {
      case EVENT.writeRows:
      case EVENT.writeRowsV1:
      case EVENT.writeRowsCompressed:
      case EVENT.writeRowsCompressedV1:
        this.#rows('insert', event as RowsEvent);
        break;
      case EVENT.updateRows:
      case EVENT.updateRowsV1:
      case EVENT.updateRowsCompressed:
      case EVENT.updateRowsCompressedV1:
        this.#rows('update', event as RowsEvent);
        break;
      case EVENT.deleteRows:
      case EVENT.deleteRowsV1:
      case EVENT.deleteRowsCompressed:
      case EVENT.deleteRowsCompressedV1:
        this.#rows('delete', event as RowsEvent);
        break;
      case EVENT.gtid:
      case EVENT.gtidTagged:
      case EVENT.mariadbGtid:
        this.#gtid(event as GtidEvent, (event as GtidEvent).gtid);
        break;
      case EVENT.anonymousGtid:
        this.#gtid(event as GtidEvent, null);
        break;
      case EVENT.query:
      case EVENT.queryCompressed:
        this.#query(event as QueryEvent);
        return;
      case EVENT.tableMap:
        this.#tables.define(event as TableMapEvent);
        break;
      case EVENT.xid:
      case EVENT.xaPrepare:
        this.#end(event, this.#transaction);
        return;
      case EVENT.rotate:
        this.#rotate(event as RotateEvent);
        return;
      case EVENT.heartbeat:
        this.#heartbeat(event as HeartbeatEvent);
        return;
      default:
        if (!WITHOUT_CHANGES.has(type)) throw this.#undecodable(`${eventName(type)}: ${whyUnreadable(type)}`);
    }
    this.#advance(event);
  }

  #gtid(event: GtidEvent, gtid: string | null): void {
    this.#closeEmpty();
    // MariaDB's GTID event stands for BEGIN, unless the transaction is a single statement.
    this.#open(gtid, event.commitTimeUs ?? event.timestamp * 1000, event.standalone === false);
  }

  #open(gtid: string | null, commitTimeUs: number, explicit: boolean): Transaction {
    const transaction = { gtid, commitTimeUs, begin: { file: this.#file, offset: this.#offset } };
    this.#transaction = transaction;
    this.#explicit = explicit;
    this.#changesOfTransaction = 0;
    return transaction;
  }

  #query(event: QueryEvent): void {
    const kind = queryKind(event.query);
    if (kind === 'rows') {
      throw this.#undecodable(
        'a statement that changes rows was logged as text: every session needs binlog_format=ROW',
      );
    }
    if (kind === 'begin') {
      // Behind a GTID event it belongs to that transaction; alone it opens one (servers before GTID events).
      if (this.#transaction === null || this.#explicit) {
        this.#closeEmpty();
        this.#open(null, event.timestamp * 1000, true);
      }
      this.#explicit = true;
    } else if (kind === 'commit' || (kind === 'definition' && !this.#explicit)) {
      const transaction = this.#transaction ?? this.#open(null, event.timestamp * 1000, false);
      if (kind === 'definition') this.#definition(event, transaction);
      this.#end(event, transaction);
      return;
    } else if (kind === 'definition' && this.#transaction !== null) {
      this.#definition(event, this.#transaction);
    }
    this.#advance(event);
  }

  #rows(operation: Operation, event: RowsEvent): void {
    const transaction = this.#transaction;
    if (transaction === null) throw this.#undecodable('rows outside any transaction');
    const known = this.#tables.byId(event.tableId);
    if (known === undefined) throw this.#undecodable(`rows of table id ${event.tableId}, which nothing has defined`);
    for (const row of event.rows) {
      this.#batches.add(rowChange(operation, known, row, this.#nextVersion(transaction), transaction));
    }
    this.#batches.addBytes(event.size, transaction);
  }

  /** A statement that is logged as text in every format: DDL, GRANT, … */
  #definition({ query, schema, size }: QueryEvent, transaction: Transaction): void {
    const touched = touchedTables(query, schema);
    if (touched.length === 0) return;
    const stored = (name: string | null): string | null =>
      this.#lowerCaseNames && name !== null ? name.toLowerCase() : name;
    for (const { operation, database, table } of touched) {
      const names = { database: stored(database), table: stored(table) };
      const change: Change = {
        kind: 'table',
        operation,
        ...names,
        version: this.#nextVersion(transaction),
        transaction,
      };
      this.#batches.add(change);
    }
    this.#batches.addBytes(size, transaction);
  }

  #nextVersion(transaction: Transaction): Version {
    const first = this.#changesOfTransaction++ === 0;
    this.#version = first ? firstVersion(this.#version, transaction.commitTimeUs) : this.#version + 1;
    return this.#version;
  }

  #end(event: BinlogEvent, transaction: Transaction | null): void {
    if (transaction === null) throw this.#undecodable('the end of a transaction that never began');
    this.#advance(event);
    this.#close(transaction);
  }

  #close(transaction: Transaction): void {
    this.#transaction = null;
    this.#explicit = false;
    this.#batches.end(transaction, { file: this.#file, offset: this.#offset }, this.#version);
  }

  /** A transaction can only begin, or a file end, after the last one ended; one without rows may have ended unseen. */
  #closeEmpty(): void {
    if (this.#transaction === null) return;
    if (this.#changesOfTransaction > 0) {
      throw this.#undecodable(`the transaction that began at ${formatCoordinates(this.#transaction.begin)} has no end`);
    }
    this.#close(this.#transaction);
  }

  #rotate(event: RotateEvent): void {
    this.#closeEmpty();
    this.#file = event.binlogName;
    this.#offset = event.position;
    this.#tables.forgetIds();
  }

  /** Nothing is waiting on the source; says so, and moves the position past what the server skipped for us. */
  #heartbeat(event: HeartbeatEvent): void {
    if (this.#transaction !== null) return;
    if (event.binlogName === this.#file) this.#advance(event);
    this.#batches.heartbeat({ file: this.#file, offset: this.#offset }, this.#version);
  }

  /** 0 (artificial, or MariaDB inside a transaction) and offsets beyond 4 GiB (they wrap) leave the offset as it was. */
  #advance(event: BinlogEvent): void {
    if (event.nextPosition > this.#offset) this.#offset = event.nextPosition;
  }

  #undecodable(reason: string): SluiceError {
    return new SluiceError('SOURCE_DECODE', `at ${this.place}: ${reason}`);
  }
}
