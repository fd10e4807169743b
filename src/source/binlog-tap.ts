import type { BinlogEvent, TableMapEvent } from '../model/binlog-event.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import { BoundaryEvents } from './boundary-events.ts';
import { requireShape } from './event-shape.ts';
import { TableMapCache } from './table-map-cache.ts';
import type { Packet, ZongjiEvent, ZongjiInternals } from './zongji-internals.ts';

const ROTATE = 4;
const TABLE_MAP = 19;

export interface BinlogTapOptions {
  readonly zongji: ZongjiInternals;
  /** Every event of the stream, in order, synchronously while a chunk of the socket is parsed. May throw. */
  readonly onEvent: (type: number, event: BinlogEvent) => void;
  /** Where in the log we are, for messages. */
  readonly place: () => string;
  /** The stream has ended or cannot be read on; nothing comes after it. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Replaces the class that receives the packets of a dump by one that looks at each before zongji does. To be made in
 * zongji's `ready` handler, which runs just before the class is used. It exists because zongji by itself
 *
 * - does not tell the type code of events it does not know (an INCIDENT looks like a STOP),
 * - drops rows without a table map, and rows in partial images, without an error,
 * - ends without any event when the server ends the stream,
 * - asks INFORMATION_SCHEMA about a table of today where the log has no full metadata of its own,
 * - spends half of the time of a small transaction on what it is not asked for: metadata of a table that did not change,
 *   BEGIN, a GTID set of its own.
 *
 * The class is not part of zongji's documented interface: test/unit/source/zongji-contract.test.ts pins what is used.
 */
export class BinlogTap {
  readonly #options: BinlogTapOptions;
  readonly #tableMaps = new TableMapCache();
  readonly #boundaries = new BoundaryEvents();
  #broken = false;
  /** True while an event is parsed: an error raised then is about the event, not about the connection. */
  #parsing = false;
  #delivered = false;
  #type = 0;

  constructor(options: BinlogTapOptions) {
    this.#options = options;
    const { zongji } = options;
    const received = (error: Error | null | undefined, event: ZongjiEvent | undefined): void => {
      this.#received(error, event);
    };
    const look = (packet: Packet, parse: () => unknown): void => {
      this.#packet(packet, parse);
    };
    // We keep the GTID set ourselves; the dump request is made from the options.
    zongji._executedGtids = null;
    const Original = zongji.BinlogClass;
    zongji.BinlogClass = class extends Original {
      constructor() {
        super(received);
      }

      override start(packet: Packet | undefined, connection: unknown): unknown {
        super.start(packet, connection);
        return this.#receive;
      }

      // What zongji would return names its own method, and ours would be left out of the next packet.
      readonly #receive = (packet: Packet, connection: unknown): unknown => {
        look(packet, () => super.binlogData(packet, connection));
        return this.#receive;
      };
    };
  }

  get parsing(): boolean {
    return this.#parsing;
  }

  /** After this nothing is delivered any more, also of packets that wait already. */
  close(): void {
    this.#broken = true;
  }

  /** A packet is a marker byte (0: an event, 0xfe: end of stream), the event's header and its body. */
  #packet(packet: Packet, parse: () => unknown): void {
    if (this.#broken) return;
    const { buffer, offset } = packet;
    if (buffer[offset] !== 0) return this.#break(new Error('the server ended the stream'));
    const type = buffer[offset + 5] ?? 0;
    this.#type = type;
    this.#delivered = false;
    this.#parsing = true;
    try {
      if (type === TABLE_MAP && this.#tableMaps.isKnown(packet, this.#checksumBytes)) return;
      if (type === ROTATE) this.#forgetTables();
      const boundary = this.#boundaries.read(type, packet, this.#checksumBytes);
      if (boundary !== null) {
        this.#options.onEvent(type, boundary);
        return;
      }
      requireShape(type, packet, (tableId) => this.#options.zongji.tableMap[tableId]?.columnSchemas.length);
      parse();
      if (!this.#delivered && !this.#broken) throw new Error('the client library dropped it');
    } catch (error) {
      this.#break(this.undecodable(error));
    } finally {
      this.#parsing = false;
    }
  }

  #received(error: Error | null | undefined, event: ZongjiEvent | undefined): void {
    if (error) throw error;
    // Without a table map zongji marks the rows as filtered out; we filter nothing.
    if (event === undefined || event._filtered === true) throw new Error('rows of a table nothing has defined');
    this.#delivered = true;
    if (event.rows !== undefined) requireFullImages(event);
    this.#options.onEvent(this.#type, this.#type === TABLE_MAP ? this.#tableMap(event) : event);
  }

  #tableMap(event: ZongjiEvent): TableMapEvent {
    const { zongji } = this.#options;
    const { tableId, schemaName, tableName, primaryKey } = event;
    const name = `${schemaName}.${tableName}`;
    if (!event.hasSelfDescribingMetadata()) {
      throw new Error(`${name} was logged without full metadata: SET GLOBAL binlog_row_metadata=FULL`);
    }
    if (zongji.isMariaDb && event.hasAmbiguousTemporalColumns()) {
      throw new Error(`${name} has dates in the format of MariaDB 5.3: ALTER TABLE ${name} FORCE writes them anew`);
    }
    const columnSchemas = event.buildColumnSchemas();
    zongji.tableMap[tableId] = { columnSchemas, parentSchema: schemaName, tableName };
    event.updateColumnInfo();
    return {
      timestamp: event.timestamp,
      nextPosition: event.nextPosition,
      size: event.size,
      tableId,
      schemaName,
      tableName,
      columns: columnSchemas.map((column) => ({
        name: column.COLUMN_NAME,
        columnType: column.COLUMN_TYPE,
        charset: column.CHARACTER_SET_NAME,
      })),
      ...(primaryKey === undefined ? {} : { primaryKey }),
    };
  }

  /** Table ids are only good within a file. */
  #forgetTables(): void {
    this.#tableMaps.clear();
    this.#options.zongji.tableMap = {};
  }

  get #checksumBytes(): number {
    return this.#options.zongji.useChecksum ? 4 : 0;
  }

  #break(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#options.onBroken(error);
  }

  /** What went wrong while an event was parsed, as the error that says where. */
  undecodable(error: unknown): SluiceError {
    if (error instanceof SluiceError) return error;
    const message = `at ${this.#options.place()}: event type ${this.#type}: ${errorMessage(error)}`;
    return new SluiceError('SOURCE_DECODE', message, { cause: error });
  }
}

function requireFullImages(event: ZongjiEvent): void {
  const { numberOfColumns, columns_present_bitmap: before, columns_present_bitmap2: after } = event;
  if (isFull(before, numberOfColumns) && (after === undefined || isFull(after, numberOfColumns))) return;
  throw new Error('rows without all of their columns: every session needs binlog_row_image=FULL');
}

function isFull(bitmap: Uint8Array, columns: number): boolean {
  for (let column = 0; column < columns; column += 8) {
    const wanted = columns - column >= 8 ? 0xff : (1 << (columns - column)) - 1;
    if (((bitmap[column >> 3] ?? 0) & wanted) !== wanted) return false;
  }
  return true;
}
