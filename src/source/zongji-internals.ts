/**
 * The parts of zongji 0.9.0 and mysql2 3.24 that stand in no documentation and that we use. Both are pinned exactly, and
 * test/unit/source/zongji-contract.test.ts fails when one of them changes.
 */
import type ZongJi from '@vlasky/zongji';
import type { ColumnSchema, TableMapEntry } from '@vlasky/zongji';
import type { RowImage, RowPair } from '../model/binlog-event.ts';

/** mysql2's packet. The parser uses one object for all of them: nothing of it may be kept. */
export interface Packet {
  readonly buffer: Buffer;
  /** Where the payload begins. */
  readonly offset: number;
  readonly end: number;
}

/** Everything any event may have; which of it an event has depends on its type. */
export interface ZongjiEvent {
  readonly timestamp: number;
  readonly nextPosition: number;
  readonly size: number;
  /** Set on rows for which zongji has no table. */
  readonly _filtered?: boolean;
  readonly tableId: number;
  readonly schemaName: string;
  readonly tableName: string;
  readonly primaryKey?: readonly number[];
  readonly numberOfColumns: number;
  readonly columns_present_bitmap: Uint8Array;
  readonly columns_present_bitmap2?: Uint8Array;
  readonly rows?: readonly RowImage[] | readonly RowPair[];
  hasSelfDescribingMetadata(): boolean;
  hasAmbiguousTemporalColumns(): boolean;
  buildColumnSchemas(): ColumnSchema[];
  updateColumnInfo(): void;
}

/** The mysql2 command that sends the dump request (`start`) and receives its packets (`binlogData`). */
export interface BinlogCommand {
  start(packet: Packet | undefined, connection: unknown): unknown;
  binlogData(packet: Packet, connection: unknown): unknown;
}

export type BinlogCommandClass = new (
  callback: (error: Error | null | undefined, event: ZongjiEvent | undefined) => void,
) => BinlogCommand;

export interface ZongjiInternals {
  /** Made before `ready` is emitted, and used right after it. */
  BinlogClass: BinlogCommandClass;
  /** Table id → what the parser of rows reads. */
  tableMap: Record<number, TableMapEntry>;
  /** The set zongji folds every GTID into, unless it is null. */
  _executedGtids: unknown;
  readonly useChecksum: boolean;
  readonly isMariaDb: boolean;
}

export function internalsOf(zongji: ZongJi): ZongjiInternals {
  return zongji as unknown as ZongjiInternals;
}
