import type {
  BinlogEvent,
  GtidEvent,
  HeartbeatEvent,
  QueryEvent,
  RotateEvent,
  RowsEvent,
  TableMapEvent,
  XaPrepareEvent,
} from '../model/binlog-event.ts';
import { formatCoordinates, type ResumePoint } from '../model/position.ts';
import type { ChangeBatch, Operation, Table, Transaction } from '../model/row-change.ts';
import { SluiceError } from '../runtime/errors.ts';
import { PositionGone } from '../runtime/position-gone.ts';
import { BatchBuilder } from './batch-builder.ts';
import { ROWS_LAYOUT } from './binlog/rows.ts';
import { ChangeWriter } from './change-writer.ts';
import { EVENT, eventName, WITHOUT_CHANGES, whyUnreadable } from './event-type.ts';
import { LoggedTransaction } from '../model/logged-transaction.ts';
import { queryKind } from './query-kind.ts';
import { TableRegistry } from './table-registry.ts';
import { HeldRows } from './xa/held-rows.ts';
import { PreparedTransactions, type PreparedTransaction } from './xa/prepared-transactions.ts';
import { xidOf, xidOfStatement } from './xa/xid.ts';

export interface EventDecoderOptions {
  /** Where the stream of events begins: always a transaction end. */
  readonly from: ResumePoint;
  /** A transaction with more bytes of row events than this is handed over in chunks. */
  readonly maxChunkBytes: number;
  /** Rows of prepared XA transactions are kept up to this many bytes, else `maxChunkBytes`; beyond it only their tables are. */
  readonly maxHeldBytes?: number;
  /** The server keeps table names in lower case (lower_case_table_names=1), however a statement writes them. */
  readonly lowerCaseNames?: boolean;
  /** False: nobody resumes from the ends of these batches, so a prepared XA transaction holds none of them back. */
  readonly resumable?: boolean;
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
 *
 * The rows of an XA transaction stand before its PREPARE, and are committed by another transaction, or never: they wait for it
 * (docs/adr/0018). While one waits, the position must not pass its PREPARE, or a restart would never see its rows.
 * With the GTIDs of MySQL only its own is left out, and the server sends it again; elsewhere no end is reported.
 */
export class EventDecoder {
  readonly #tables: TableRegistry;
  readonly #batches: BatchBuilder;
  readonly #writer: ChangeWriter;
  readonly #prepared: PreparedTransactions;
  readonly #resumable: boolean;
  /** Does the position gain GTIDs? */
  readonly #hasSet: boolean;
  /** Can it leave out single transactions? */
  readonly #canLeaveOut: boolean;
  #file: string;
  /** Where the last event ended; never goes back within a file. */
  #offset: number;
  /** The file has gone beyond what the header of an event can say: where its events end is not known, until the next file. */
  #isBeyond = false;
  /** The open transaction, null between transactions. */
  #transaction: Transaction | null = null;
  /** Whether it has said BEGIN, so that a query does not end it. */
  #explicit = false;
  /** Rows of the open XA transaction; null: it is none. */
  #held: HeldRows | null = null;

  constructor(options: EventDecoderOptions) {
    const { from, maxChunkBytes, maxHeldBytes = maxChunkBytes, lowerCaseNames = false, resumable = true } = options;
    const { coordinates, flavour, gtidSet } = from.position;
    this.#file = coordinates.file;
    this.#offset = coordinates.offset;
    this.#tables = new TableRegistry(flavour);
    this.#batches = new BatchBuilder(maxChunkBytes);
    this.#writer = new ChangeWriter({ batches: this.#batches, lastVersion: from.lastVersion, lowerCaseNames });
    this.#prepared = new PreparedTransactions(maxHeldBytes);
    this.#resumable = resumable;
    this.#hasSet = gtidSet !== null;
    this.#canLeaveOut = flavour === 'mysql' && gtidSet !== null;
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

  get file(): string {
    return this.#file;
  }

  /** Whether rows that come now are kept until their transaction is committed. */
  get holdsRows(): boolean {
    return this.#held !== null;
  }

  /** XA transactions that nobody has ended yet. */
  get prepared(): Pick<PreparedTransactions, 'count' | 'oldest'> {
    return this.#prepared;
  }

  /**
   * The next batch: all complete transactions, else a chunk of an open one that grew too large, else null. To be
   * called again until null.
   */
  take(): ChangeBatch | null {
    return this.#batches.take();
  }

  /** What `push` does with MySQL's GTID event. This and the next three are done for every transaction: no object is made for an event. */
  transaction(source: string, number: number | bigint, commitTimeUs: number, nextPosition: number): void {
    this.#closeEmpty();
    this.#begin(new LoggedTransaction(source, number, commitTimeUs, this.#file, this.#offset), false);
    this.#advance(nextPosition);
  }

  /** A query of `BEGIN`. */
  begin(timestamp: number, nextPosition: number): void {
    // Behind a GTID event it belongs to that transaction; alone it opens one (servers before GTID events).
    if (this.#transaction === null || this.#explicit) {
      this.#closeEmpty();
      this.#open(null, timestamp * 1000, true);
    }
    this.#explicit = true;
    this.#advance(nextPosition);
  }

  /** Where the rows of one event go, before `endRows`; not while rows are held. */
  beginRows(operation: Operation, tableId: number): ChangeWriter {
    const transaction = this.#transaction;
    if (transaction === null) throw this.#undecodable('rows outside any transaction');
    this.#writer.open(operation, this.#table(tableId), transaction);
    return this.#writer;
  }

  endRows(sizeBytes: number, nextPosition: number): void {
    this.#writer.close(sizeBytes);
    this.#advance(nextPosition);
  }

  /** An XID event. */
  commit(nextPosition: number): void {
    const transaction = this.#transaction;
    if (transaction === null) throw this.#undecodable('the end of a transaction that never began');
    if (this.#held !== null) this.#writer.held(this.#held, transaction);
    this.#advance(nextPosition);
    this.#close(transaction, null);
  }

  /** No statement is open, and each that follows defines its tables again. */
  forgetIds(): void {
    this.#tables.forgetIds();
  }

  /** One event, in stream order. Throws SOURCE_DECODE for what may carry changes and cannot be read. */
  push(type: number, event: BinlogEvent): void {
    const operation = ROWS_LAYOUT[type]?.operation ?? null;
    if (operation !== null) {
      this.#rows(operation, event as RowsEvent);
      return this.#advance(event.nextPosition);
    }
    switch (type) {
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
        this.commit(event.nextPosition);
        return;
      case EVENT.xaPrepare:
        this.#xaPrepare(event as XaPrepareEvent, this.#transaction);
        return;
      case EVENT.rotate:
        this.#rotate(event as RotateEvent);
        return;
      case EVENT.heartbeat:
      case EVENT.heartbeatV2:
        this.#heartbeat(event as HeartbeatEvent);
        return;
      case EVENT.formatDescription:
        this.#beginFile();
        break;
      case EVENT.incident:
        throw new PositionGone('incident', `at ${this.place}: the source itself says that it lost changes here`);
      default:
        if (!WITHOUT_CHANGES.has(type)) throw this.#undecodable(`${eventName(type)}: ${whyUnreadable(type)}`);
    }
    this.#advance(event.nextPosition);
  }

  #gtid(event: GtidEvent, gtid: string | null): void {
    this.#closeEmpty();
    // MariaDB's GTID event stands for BEGIN, unless the transaction is a single statement.
    this.#open(gtid, event.commitTimeUs ?? event.timestamp * 1000, event.standalone === false);
    if (event.preparedXa === true) this.#held = new HeldRows();
  }

  #open(gtid: string | null, commitTimeUs: number, explicit: boolean): Transaction {
    const transaction = { gtid, commitTimeUs, begin: { file: this.#file, offset: this.#offset } };
    this.#begin(transaction, explicit);
    return transaction;
  }

  #begin(transaction: Transaction, explicit: boolean): void {
    this.#transaction = transaction;
    this.#explicit = explicit;
    this.#writer.begin();
  }

  #query(event: QueryEvent): void {
    const kind = queryKind(event.query);
    if (kind === 'rows') {
      throw this.#undecodable(
        'a statement that changes rows was logged as text: every session needs binlog_format=ROW',
      );
    }
    if (kind === 'begin' || kind === 'xa start') {
      this.begin(event.timestamp, event.nextPosition);
      if (kind === 'xa start') this.#held = new HeldRows();
      return;
    }
    if (kind !== 'inside' && (kind !== 'definition' || !this.#explicit)) {
      const transaction = this.#transaction ?? this.#open(null, event.timestamp * 1000, false);
      if (kind === 'xa commit' || kind === 'xa rollback') return this.#xaEnd(event, kind, transaction);
      if (kind === 'definition') this.#writer.definition(event, transaction);
      this.commit(event.nextPosition);
      return;
    }
    if (kind === 'definition' && this.#transaction !== null) {
      this.#writer.definition(event, this.#transaction);
    }
    this.#advance(event.nextPosition);
  }

  #xaPrepare(event: XaPrepareEvent, transaction: Transaction | null): void {
    if (event.onePhase || transaction === null) return this.commit(event.nextPosition);
    const rows = this.#held;
    if (rows === null) throw this.#undecodable('XA PREPARE of a transaction that did not begin with XA START');
    const { gtid, begin, commitTimeUs } = transaction;
    const xid = xidOf(event);
    // Its end is not in the log (sql_log_bin=0), and nobody can tell which one it was.
    const former = this.#prepared.end(xid);
    if (former !== null) this.#writer.heldTables(former.rows, transaction);
    this.#prepared.prepare(xid, { rows, gtid, begin, preparedAtMs: commitTimeUs / 1000 });
    this.#advance(event.nextPosition);
    this.#close(transaction, [...this.#leftOut(former), ...(this.#leavesOut ? [] : gtidsOf(transaction))]);
  }

  /** `XA COMMIT` or `XA ROLLBACK`, from whatever session, as a transaction of its own. */
  #xaEnd(event: QueryEvent, kind: 'xa commit' | 'xa rollback', transaction: Transaction): void {
    if (this.#held !== null) {
      // Of the open transaction itself, which never was prepared.
      if (kind === 'xa rollback') this.#held = null;
      return this.commit(event.nextPosition);
    }
    const xid = xidOfStatement(event.query);
    const prepared = xid === null ? null : this.#prepared.end(xid);
    if (kind === 'xa commit') {
      if (prepared !== null) this.#writer.held(prepared.rows, transaction);
      // Prepared before our beginning: rows of any table may have become visible.
      else this.#writer.table('unknown_rows', { database: null, table: null }, transaction);
    }
    this.#advance(event.nextPosition);
    this.#close(transaction, [...this.#leftOut(prepared), ...gtidsOf(transaction)]);
  }

  /** Is the GTID of a prepared transaction missing in the position until it ends? */
  get #leavesOut(): boolean {
    return this.#canLeaveOut && this.#resumable;
  }

  #leftOut(prepared: PreparedTransaction | null): readonly string[] {
    const gtid = prepared?.gtid ?? null;
    return this.#leavesOut && gtid !== null ? [gtid] : [];
  }

  #rows(operation: Operation, event: RowsEvent): void {
    const transaction = this.#transaction;
    if (transaction === null) throw this.#undecodable('rows outside any transaction');
    const table = this.#table(event.tableId);
    if (this.#held === null) return this.#writer.rows(operation, table, event, transaction);
    this.#held.add({ operation, table, images: event.images, sizeBytes: event.size });
    this.#prepared.limit(this.#held);
  }

  #table(tableId: number): Table {
    const table = this.#tables.byId(tableId);
    if (table === undefined) throw this.#undecodable(`rows of table id ${tableId}, which nothing has defined`);
    return table;
  }

  /** `gtids`: what the position gains; null: its own. */
  #close(transaction: Transaction, gtids: readonly string[] | null): void {
    this.#transaction = null;
    this.#explicit = false;
    this.#held = null;
    const file = this.#file;
    const offset = this.#offset;
    const lastVersion = this.#writer.version;
    const isHeld = this.#isPositionHeld;
    if (gtids === null && !isHeld && transaction instanceof LoggedTransaction) {
      return this.#batches.endLogged(transaction, file, offset, lastVersion);
    }
    // A position without a set gains none of them later, and nobody knows for how long they would be kept.
    const gained = isHeld && !this.#hasSet ? [] : (gtids ?? gtidsOf(transaction));
    this.#batches.end({ transaction, gtids: gained, file, offset, lastVersion, isHeld });
  }

  /** A transaction without a GTID cannot be left out of a set, and no dump begins behind an offset of 32 bits. */
  get #isPositionHeld(): boolean {
    if (this.#isBeyond && !this.#hasSet) return true;
    if (this.#prepared.count === 0 || !this.#resumable) return false;
    return !this.#canLeaveOut || this.#prepared.hasAnonymous;
  }

  /** A transaction can only begin, or a file end, after the last one ended; one without rows may have ended unseen. */
  #closeEmpty(): void {
    if (this.#transaction === null) return;
    if (this.#writer.hasChanges || (this.#held?.count ?? 0) > 0) {
      throw this.#undecodable(`the transaction that began at ${formatCoordinates(this.#transaction.begin)} has no end`);
    }
    this.#close(this.#transaction, null);
  }

  #rotate(event: RotateEvent): void {
    this.#closeEmpty();
    this.#file = event.binlogName;
    this.#offset = event.position;
    this.#tables.forgetIds();
  }

  /** A file has begun, and is known: what was held because of the one before is so no more. */
  #beginFile(): void {
    if (!this.#isBeyond) return;
    this.#isBeyond = false;
    this.#reach();
  }

  /** Nothing is waiting on the source; says so, and moves the position past what the server skipped for us. */
  #heartbeat(event: HeartbeatEvent): void {
    if (this.#transaction !== null) return;
    if (event.binlogName === this.#file) this.#advance(event.nextPosition);
    this.#reach();
  }

  /** No transaction is open: the stream has come to its end, whether or not one has ended here. */
  #reach(): void {
    const coordinates = this.#isPositionHeld ? null : { file: this.#file, offset: this.#offset };
    this.#batches.heartbeat(coordinates, this.#writer.version);
  }

  /**
   * 0 (artificial, or MariaDB inside a transaction) leaves the offset as it was; so do those beyond 4 GiB, which begin at 0 again: the last
   * one before may stand in the middle of a transaction.
   */
  #advance(nextPosition: number): void {
    if (nextPosition > this.#offset) this.#offset = nextPosition;
    const isWrapped = nextPosition > 0 && this.#offset - nextPosition > MAX_OFFSET / 2;
    if (isWrapped || this.#offset >= MAX_OFFSET) this.#isBeyond = true;
  }

  #undecodable(reason: string): SluiceError {
    return new SluiceError('SOURCE_DECODE', `at ${this.place}: ${reason}`);
  }
}

/** What the header of an event, and the request for a dump, can say. No event is half as long. */
const MAX_OFFSET = 2 ** 32;

const gtidsOf = ({ gtid }: Transaction): readonly string[] => (gtid === null ? [] : [gtid]);
