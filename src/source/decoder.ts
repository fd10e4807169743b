import type { BinlogCoordinates, ResumePoint } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';

/** What the source needs of a decoder (src/decode/binlog-decoder.ts); the composition root brings them together. */
export interface Decoder {
  /**
   * One event as it stands in the log, with its checksum, if it has one. The bytes are kept: nobody may write to them again. Throws
   * SOURCE_DECODE for what it cannot read.
   */
  push(bytes: Buffer, start: number, end: number): void;
  /** The next batch, null when there is none. Throws what `push` throws, for an event that holds many others. */
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

export interface DecoderContext extends NameFolding {
  /** Told of each file of the log before anything in it is decoded: its name, and when it was begun. May throw. */
  readonly onFile?: (file: string, beganMs: number) => void;
}

/** A new one for each connection attempt; it begins at a transaction end. */
export type DecoderFactory = (from: ResumePoint, context: DecoderContext) => Decoder;
