import { SluiceError, errorMessage } from '../runtime/errors.ts';
import type { BinlogEvent } from '../model/binlog-event.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import { CHECKSUM_BYTES, hasChecksum, madeUpChecksumBytes } from './binlog/checksum.ts';
import { ChecksumRuns } from './binlog/checksum-run.ts';
import * as control from './binlog/control-events.ts';
import { GtidReader, parseMariadbGtid, parseTaggedGtid } from './binlog/gtid-event.ts';
import { HEADER_BYTES, lengthOf, nextPositionOf, timestampOf, typeOf } from './binlog/header.ts';
import { uncompressedEvent } from './binlog/mariadb-compression.ts';
import type { StoredRow } from './binlog/row-images.ts';
import { columnsAt, endsStatement, ROWS_LAYOUT, tableIdOf, type RowsLayout } from './binlog/rows.ts';
import { parsePayload, PayloadEvents } from './binlog/transaction-payload.ts';
import { EventDecoder, type EventDecoderOptions } from './event-decoder.ts';
import { EVENT, eventName } from './event-type.ts';
import type { PreparedTransactions } from './xa/prepared-transactions.ts';
import { TableReaders } from './table-readers.ts';

/** Bytes of an event that came while a compressed transaction was being given out. */
interface Waiting {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A compressed transaction that is being given out. */
interface OpenPayload {
  readonly events: PayloadEvents;
  /** Where it ends in the log: the events in it have no place of their own. */
  readonly nextPosition: number;
}

export interface BinlogDecoderOptions extends EventDecoderOptions {
  /** Told of each file before anything in it is decoded. May throw. */
  readonly onFile?: ((file: string, beganMs: number) => void) | undefined;
}

/**
 * The bytes of the binary log → batches of changes. This class knows how events are written, and EventDecoder what they mean.
 *
 * Nothing of an event is copied: rows are read from its bytes when a rule asks for a column. So whoever gives the bytes must not write to
 * them again. What a format has that is not known here stops the line with SOURCE_DECODE.
 */
export class BinlogDecoder {
  readonly #events: EventDecoder;
  readonly #isMariadb: boolean;
  readonly #tables: TableReaders;
  readonly #gtids = new GtidReader();
  readonly #checksums = new ChecksumRuns();
  readonly #maxChunkBytes: number;
  readonly #onFile: ((file: string, beganMs: number) => void) | null;
  /** Null: no format description has come yet. */
  #checksumBytes: number | null = null;
  #payload: OpenPayload | null = null;
  #broken: SluiceError | null = null;
  /** Those before `#waitingAt` were read. */
  #waiting: Waiting[] = [];
  #waitingAt = 0;
  #waitingBytes = 0;

  constructor(options: BinlogDecoderOptions) {
    this.#events = new EventDecoder(options);
    const { flavour } = options.from.position;
    this.#isMariadb = flavour === 'mariadb';
    this.#tables = new TableReaders(flavour);
    this.#maxChunkBytes = options.maxChunkBytes;
    this.#onFile = options.onFile ?? null;
  }

  /** What waits to be taken, in bytes. */
  get bufferedBytes(): number {
    return this.#events.bufferedBytes + this.#waitingBytes + (this.#payload?.events.heldBytes ?? 0);
  }

  get place(): string {
    return this.#events.place;
  }

  get prepared(): Pick<PreparedTransactions, 'count' | 'oldest'> {
    return this.#events.prepared;
  }

  /**
   * One event: its header, its body and its checksum, from `start` to `end`. Throws SOURCE_DECODE for what may carry changes and cannot be
   * read, and SOURCE_POSITION_GONE for an incident.
   */
  push(bytes: Buffer, start: number, end: number): void {
    if (this.#broken !== null) throw this.#broken;
    if (this.#payload !== null || this.#waiting.length > 0) {
      this.#waiting.push({ bytes, start, end });
      this.#waitingBytes += end - start;
      return;
    }
    // No closure here: this is done for every event.
    try {
      this.#read(bytes, start, end);
      if (this.#payload !== null) this.#goOn();
    } catch (error) {
      throw this.#break(typeOf(bytes, start), error);
    }
  }

  /** The next batch: all complete transactions, else a chunk of an open one that grew too large, else null. To be called again until null. */
  take(): ChangeBatch | null {
    const batch = this.#ready();
    if (batch !== null || (this.#payload === null && this.#waiting.length === 0)) return batch;
    try {
      this.#goOn();
    } catch (error) {
      this.#break(EVENT.transactionPayload, error);
    }
    return this.#ready();
  }

  /** What came before an error is handed out first. */
  #ready(): ChangeBatch | null {
    const batch = this.#events.take();
    if (batch === null && this.#broken !== null) throw this.#broken;
    return batch;
  }

  /** Events of the compressed transaction, and then those that waited behind it, until a batch is full. */
  #goOn(): void {
    while (this.#events.bufferedBytes <= this.#maxChunkBytes) {
      if (this.#payload === null) {
        if (!this.#readWaiting()) return;
        continue;
      }
      const { events, nextPosition } = this.#payload;
      const event = events.next();
      if (event === null) this.#payload = null;
      else if (typeOf(event, 0) === EVENT.transactionPayload)
        throw new Error('a compressed transaction in another one');
      else this.#decode(event, 0, event.length, nextPosition);
    }
  }

  /** The first event that waits. False: there is none. */
  #readWaiting(): boolean {
    const event = this.#waiting[this.#waitingAt];
    if (event === undefined) return false;
    const { bytes, start, end } = event;
    this.#waitingBytes -= end - start;
    if (++this.#waitingAt === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingAt = 0;
    }
    try {
      this.#read(bytes, start, end);
    } catch (error) {
      throw this.#break(typeOf(bytes, start), error);
    }
    return true;
  }

  /** As it came: with a checksum, if the log has them. */
  #read(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length < HEADER_BYTES || lengthOf(bytes, start) !== length) throw new Error(`the event has ${length} bytes, and says otherwise`); // prettier-ignore
    const type = typeOf(bytes, start);
    const nextPosition = nextPositionOf(bytes, start);
    const body = end - this.#checksumOf(type, bytes, start, end);
    // The event behind it says where it ends.
    if (type === EVENT.tableMap && this.#tables.isLast(bytes, start, body)) return;
    if (body !== end && !isUnsealed(type, bytes, start, end) && !this.#checksums.isRight(bytes, start, end)) throw new Error('its checksum is wrong: it was damaged on the source, or on the way'); // prettier-ignore
    this.#decode(bytes, start, body, nextPosition);
  }

  /** Every format description has room for one. The rotation that a server makes up to say where it begins says itself whether it has. */
  #checksumOf(type: number, bytes: Buffer, start: number, end: number): number {
    if (type === EVENT.formatDescription) return CHECKSUM_BYTES;
    const isMadeUp = type === EVENT.rotate && timestampOf(bytes, start) === 0;
    if (isMadeUp) return madeUpChecksumBytes(bytes, start, end);
    if (this.#checksumBytes === null) throw new Error('an event before the format description');
    return this.#checksumBytes;
  }

  /** An event without its checksum, which ends at `nextPosition` in the log. */
  #decode(bytes: Buffer, start: number, end: number, nextPosition: number): void {
    const type = typeOf(bytes, start);
    const timestamp = timestampOf(bytes, start);
    const size = end - start - HEADER_BYTES;
    const rows = ROWS_LAYOUT[type] ?? null;
    if (rows !== null) return this.#rows(type, rows, bytes, start, end, nextPosition);
    switch (type) {
      // Written out, because nearly every transaction has them.
      case EVENT.gtid: {
        const gtids = this.#gtids;
        gtids.read(bytes, start, end);
        const { source, number, commitTimeUs } = gtids;
        this.#events.transaction(source, number, commitTimeUs === 0 ? timestamp * 1000 : commitTimeUs, nextPosition);
        return;
      }
      case EVENT.xid:
        this.#events.commit(nextPosition);
        return;
      case EVENT.anonymousGtid: {
        this.#gtids.read(bytes, start, end);
        const commitTimeUs = this.#gtids.commitTimeUs === 0 ? undefined : this.#gtids.commitTimeUs;
        this.#events.push(type, { timestamp, nextPosition, size, gtid: '', commitTimeUs } as BinlogEvent);
        return;
      }
      case EVENT.query:
      case EVENT.queryCompressed: {
        if (type === EVENT.query && control.isBegin(bytes, start, end))
          return this.#events.begin(timestamp, nextPosition);
        const { query, schema } = control.parseQuery(bytes, start, end, type === EVENT.queryCompressed);
        this.#events.push(type, { timestamp, nextPosition, size, query, schema } as BinlogEvent);
        return;
      }
      case EVENT.transactionPayload:
        this.#payload = { events: new PayloadEvents(parsePayload(bytes, start, end)), nextPosition };
        return;
      default:
        this.#events.push(type, { timestamp, nextPosition, size, ...this.#facts(type, bytes, start, end) });
    }
  }

  /** What an event that comes seldom says beside its header. */
  #facts(type: number, bytes: Buffer, start: number, end: number): object {
    switch (type) {
      case EVENT.tableMap:
        return this.#tables.define(bytes, start, end);
      case EVENT.gtidTagged:
        return parseTaggedGtid(bytes, start, end);
      case EVENT.mariadbGtid:
        return parseMariadbGtid(bytes, start, end);
      case EVENT.xaPrepare:
        return control.parseXaPrepare(bytes, start, end);
      case EVENT.heartbeat:
        return control.parseHeartbeat(bytes, start, end, this.#isMariadb);
      case EVENT.heartbeatV2:
        return control.parseHeartbeatV2(bytes, start, end);
      case EVENT.rotate:
        this.#tables.forgetIds();
        return control.parseRotate(bytes, start, end);
      case EVENT.formatDescription: {
        const { hasChecksums } = control.parseFormatDescription(bytes, start, end);
        this.#checksumBytes = hasChecksums ? CHECKSUM_BYTES : 0;
        // One without a time is made up.
        const beganMs = timestampOf(bytes, start);
        if (beganMs > 0) this.#onFile?.(this.#events.file, beganMs);
        return {};
      }
      default:
        return {};
    }
  }

  #rows(type: number, layout: RowsLayout, bytes: Buffer, start: number, end: number, nextPosition: number): void {
    const tableId = tableIdOf(bytes, start);
    const table = this.#tables.byId(tableId);
    const at = columnsAt(bytes, start, end, layout.version);
    const head = table.head(bytes, at, end, layout);
    const from = at + table.headBytes(layout);
    const inflated = layout.isCompressed ? uncompressedEvent(bytes, from, end) : null;
    // What is held of it in memory: compressed, it may be a thousandth.
    const size = from - start - HEADER_BYTES + (inflated?.length ?? end - from);
    if (this.#events.holdsRows) {
      // They may be held for long: not with all that came together with them.
      const rows = inflated ?? Buffer.from(bytes.subarray(from, end));
      const images: StoredRow[] = [];
      const add = (first: StoredRow, second: StoredRow | null): void => {
        images.push(first);
        if (second !== null) images.push(second);
      };
      table.read(head, rows, 0, rows.length, { add });
      this.#events.push(type, {
        timestamp: timestampOf(bytes, start),
        nextPosition,
        size,
        tableId,
        images,
      } as BinlogEvent);
      this.#endStatement(bytes, start);
      return;
    }
    const writer = this.#events.beginRows(layout.operation, tableId);
    try {
      if (inflated === null) table.read(head, bytes, from, end, writer);
      else table.read(head, inflated, 0, inflated.length, writer);
    } catch (error) {
      writer.drop();
      throw error;
    }
    this.#events.endRows(size, nextPosition);
    this.#endStatement(bytes, start);
  }

  /** Between two statements no table is open: the next one says again what its ids mean. */
  #endStatement(bytes: Buffer, start: number): void {
    if (!this.#tables.isFull || !endsStatement(bytes, start)) return;
    this.#tables.forgetIds();
    this.#events.forgetIds();
  }

  /** After an error nothing is read any more: what comes behind it would be read as if nothing had been there. */
  #break(type: number, error: unknown): SluiceError {
    this.#broken = this.#unreadable(type, error);
    this.#payload = null;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return this.#broken;
  }

  #unreadable(type: number, error: unknown): SluiceError {
    if (error instanceof SluiceError) return error;
    const message = `at ${this.place}: ${eventName(type)}: ${errorMessage(error)}`;
    return new SluiceError('SOURCE_DECODE', message, { cause: error });
  }
}

/**
 * A server that changes the format description for a dump gives it a new checksum only if the log has them, and so does not with NONE. One
 * that is right as soon as it says CRC32 was damaged: to believe it would be to check nothing of the file.
 */
function isUnsealed(type: number, bytes: Buffer, start: number, end: number): boolean {
  if (type !== EVENT.formatDescription) return false;
  if (control.parseFormatDescription(bytes, start, end - CHECKSUM_BYTES).hasChecksums) return false;
  const sealed = Buffer.from(bytes.subarray(start, end));
  sealed[sealed.length - CHECKSUM_BYTES - 1] = 1;
  return !hasChecksum(sealed, 0, sealed.length);
}
