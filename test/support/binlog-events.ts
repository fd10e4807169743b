/** Events of a made-up binary log, for tests of the decoder: a small log that knows its own offsets. */
import { EVENT } from '../../src/decode/event-type.ts';
import type { BinlogEvent, ColumnDefinition, RowImage } from '../../src/model/binlog-event.ts';

export interface LoggedEvent {
  readonly type: number;
  readonly event: BinlogEvent;
}

export interface RowPair {
  readonly before: RowImage;
  readonly after: RowImage;
}

export const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

const COLUMNS: readonly ColumnDefinition[] = [
  { name: 'id', columnType: 'int', charset: null },
  { name: 'name', columnType: 'varchar(20)', charset: 'utf8mb4' },
];

/** Appends events; each takes 40 bytes of the file, and row events 100 per row. */
export class FakeBinlog {
  readonly events: LoggedEvent[] = [];
  file = 'binlog.000001';
  offset = 4;
  /** Seconds since the epoch, as in event headers. */
  seconds = 1_700_000_000;
  #gno = 0;

  add(type: number, fields: object = {}, size = 40, nextPosition?: number): this {
    this.offset += size;
    const header = { timestamp: this.seconds * 1000, nextPosition: nextPosition ?? this.offset, size };
    this.events.push({ type, event: { ...header, ...fields } });
    return this;
  }

  gtid(commitTimeUs = this.seconds * 1_000_000): this {
    return this.add(EVENT.gtid, { gtid: `${UUID}:${++this.#gno}`, commitTimeUs });
  }

  anonymousGtid(commitTimeUs = this.seconds * 1_000_000): this {
    return this.add(EVENT.anonymousGtid, { gtid: '00000000-0000-0000-0000-000000000000:0', commitTimeUs });
  }

  mariadbGtid(standalone: boolean, preparedXa = false, domain = 0): this {
    return this.add(EVENT.mariadbGtid, { gtid: `${domain}-1-${++this.#gno}`, standalone, preparedXa });
  }

  /** How MySQL begins an XA transaction, behind its GTID. */
  xaStart(xid: string): this {
    return this.query(`XA START ${xidText(xid)}`);
  }

  xaPrepare(xid: string, onePhase = false): this {
    this.query(`XA END ${xidText(xid)}`);
    const bytes = { xidFormatId: 1, xidGtrid: Buffer.from(xid), xidBqual: Buffer.alloc(0) };
    return this.add(EVENT.xaPrepare, { onePhase, ...bytes });
  }

  /** Behind a GTID of its own. */
  xaEnd(kind: 'COMMIT' | 'ROLLBACK', xid: string): this {
    return this.query(`XA ${kind} ${xidText(xid)}`);
  }

  query(query: string, schema = 'shop'): this {
    return this.add(EVENT.query, { query, schema });
  }

  table(
    tableId = 1,
    options: { name?: string; columns?: readonly ColumnDefinition[]; primaryKey?: readonly number[] } = {},
  ): this {
    const { name = 'products', columns = COLUMNS, primaryKey = [0] } = options;
    return this.add(EVENT.tableMap, { tableId, schemaName: 'shop', tableName: name, columns, primaryKey });
  }

  inserts(rows: readonly RowImage[], tableId = 1): this {
    return this.add(EVENT.writeRows, { tableId, images: rows }, 100 * rows.length);
  }

  updates(rows: readonly RowPair[], tableId = 1): this {
    const images = rows.flatMap(({ before, after }) => [before, after]);
    return this.add(EVENT.updateRows, { tableId, images }, 100 * rows.length);
  }

  deletes(rows: readonly RowImage[], tableId = 1): this {
    return this.add(EVENT.deleteRows, { tableId, images: rows }, 100 * rows.length);
  }

  xid(): this {
    return this.add(EVENT.xid);
  }

  /** A whole transaction of one insert. */
  transaction(id: number, commitTimeUs?: number): this {
    return this.gtid(commitTimeUs)
      .query('BEGIN')
      .table()
      .inserts([row(id)])
      .xid();
  }

  heartbeat(binlogName = this.file, nextPosition = this.offset): this {
    this.events.push({
      type: EVENT.heartbeat,
      event: { timestamp: 0, nextPosition, size: 20, binlogName } as BinlogEvent,
    });
    return this;
  }

  rotate(binlogName: string): this {
    this.add(EVENT.rotate, { binlogName, position: 4 });
    this.file = binlogName;
    this.offset = 4;
    return this;
  }

  /** What a server sends before the first real event of a dump. */
  artificialRotate(binlogName: string, position: number): this {
    this.events.push({
      type: EVENT.rotate,
      event: { timestamp: 0, nextPosition: 0, size: 30, binlogName, position } as BinlogEvent,
    });
    return this;
  }
}

const xidText = (xid: string): string => `X'${Buffer.from(xid).toString('hex')}',X'',1`;

export function row(id: number, name = `name ${id}`): RowImage {
  return { id, name };
}
