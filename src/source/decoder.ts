import type { BinlogEvent } from '../model/binlog-event.ts';
import type { BinlogCoordinates, ResumePoint } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';

/** What the source needs of a decoder (src/decode/event-decoder.ts); the composition root brings them together. */
export interface Decoder {
  /** Throws SOURCE_DECODE for what it cannot read. */
  push(type: number, event: BinlogEvent): void;
  /** The next batch, null when there is none. */
  take(): ChangeBatch | null;
  readonly bufferedBytes: number;
  readonly place: string;
  readonly prepared: Prepared;
}

/** XA transactions between XA PREPARE and their end. */
export interface Prepared {
  readonly count: number;
  readonly oldest: {
    readonly gtid: string | null;
    readonly begin: BinlogCoordinates;
    readonly preparedAtMs: number;
  } | null;
}

/** What a decoder cannot learn from the log: how the server stores the names of tables. */
export interface NameFolding {
  readonly lowerCaseNames: boolean;
}

/** A new one for each connection attempt; it begins at a transaction end. */
export type DecoderFactory = (from: ResumePoint, names: NameFolding) => Decoder;
