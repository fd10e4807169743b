import { formatCoordinates, type BinlogCoordinates } from '../model/position.ts';
import { SluiceError } from '../runtime/errors.ts';
import { text, type Session } from './session.ts';

/** The first four bytes of a file are its magic number. */
export const FILE_START = 4;

/** The files of a binary log, oldest first, as they were when somebody asked. */
export class LogFiles {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  static async of(session: Session): Promise<LogFiles> {
    const rows = await session.query('SHOW BINARY LOGS');
    return new LogFiles(rows.map((row) => text(row, 'Log_name')));
  }

  /** Files that came later are behind all that are known. */
  isBefore(one: BinlogCoordinates, other: BinlogCoordinates): boolean {
    if (one.file === other.file) return one.offset < other.offset;
    return this.#index(one.file) < this.#index(other.file);
  }

  earlier(one: BinlogCoordinates, other: BinlogCoordinates): BinlogCoordinates {
    return this.isBefore(other, one) ? other : one;
  }

  /** Throws HISTORY_NOT_FOUND for a place that the log does not have, or not any more. */
  require(coordinates: BinlogCoordinates): void {
    if (this.names.includes(coordinates.file)) return;
    throw new SluiceError(
      'HISTORY_NOT_FOUND',
      `${formatCoordinates(coordinates)} is not in the binary log, which has ${this.names[0] ?? 'no file'} to ${this.names.at(-1) ?? 'no file'}`,
    );
  }

  #index(file: string): number {
    const index = this.names.indexOf(file);
    return index < 0 ? this.names.length : index;
  }
}
