import type { BinlogCoordinates } from './position.ts';
import type { Transaction } from './row-change.ts';

/**
 * A transaction of MySQL as the log has it. Its GTID is two fields, and a text only for whoever asks: making the text of each transaction,
 * and reading it again to fold it into the position, cost as much as decoding its rows.
 */
export class LoggedTransaction implements Transaction {
  /** The UUID of a server. */
  readonly source: string;
  /** Beyond 2^53 a bigint, which no GTID set takes. */
  readonly number: number | bigint;
  readonly commitTimeUs: number;
  readonly file: string;
  readonly offset: number;

  constructor(source: string, number: number | bigint, commitTimeUs: number, file: string, offset: number) {
    this.source = source;
    this.number = number;
    this.commitTimeUs = commitTimeUs;
    this.file = file;
    this.offset = offset;
  }

  get gtid(): string {
    return `${this.source}:${this.number}`;
  }

  get begin(): BinlogCoordinates {
    return { file: this.file, offset: this.offset };
  }
}
