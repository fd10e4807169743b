import type { TransactionEnd } from '../model/position.ts';
import type { Version } from '../model/version.ts';

/**
 * How far the position may move: behind the newest transaction end, unless that end is held back (an XA transaction is prepared
 * whose rows must come again after a restart). GTIDs that were held back move with the next end that is not.
 */
export class ReportedEnd {
  /** Null: nothing has ended. */
  #file: string | null = null;
  #offset = 0;
  #lastVersion: Version = 0;
  #gtids: string[] = [];
  /** Transactions of one server whose numbers follow each other are one text: `source:first-last`. First 0: there are none. */
  #source = '';
  #first = 0;
  #last = 0;
  /** By replication domain: of MariaDB's GTIDs only the last one of each counts, and a wait may be long. */
  readonly #held = new Map<string, string>();
  #heldEnds = 0;

  /** A transaction ended; several GTIDs when it ends prepared ones too, none when its own must come again. */
  reach(gtids: readonly string[], file: string, offset: number, lastVersion: Version): void {
    this.#release();
    this.#endRun();
    for (const gtid of gtids) this.#gtids.push(gtid);
    this.#move(file, offset, lastVersion);
  }

  /** The same for one GTID, as the usual transaction has. */
  reachNumber(source: string, number: number, file: string, offset: number, lastVersion: Version): void {
    this.#release();
    if (number !== this.#last + 1 || this.#first === 0 || source !== this.#source) {
      this.#endRun();
      this.#source = source;
      this.#first = number;
    }
    this.#last = number;
    this.#move(file, offset, lastVersion);
  }

  /** A transaction ended, and the position must not move to it yet. */
  hold(gtids: readonly string[]): void {
    for (const gtid of gtids) this.#hold(gtid);
    this.#heldEnds++;
  }

  /** Null: it may not move. Begins anew. */
  take(): { readonly end: TransactionEnd | null; readonly heldEnds: number } {
    const file = this.#file;
    const heldEnds = this.#heldEnds;
    this.#heldEnds = 0;
    if (file === null) return { end: null, heldEnds };
    this.#endRun();
    const end = { coordinates: { file, offset: this.#offset }, gtids: this.#gtids, lastVersion: this.#lastVersion };
    this.#file = null;
    this.#gtids = [];
    return { end, heldEnds };
  }

  #move(file: string, offset: number, lastVersion: Version): void {
    this.#file = file;
    this.#offset = offset;
    this.#lastVersion = lastVersion;
  }

  #endRun(): void {
    if (this.#first === 0) return;
    const range = this.#first === this.#last ? `${this.#first}` : `${this.#first}-${this.#last}`;
    this.#gtids.push(`${this.#source}:${range}`);
    this.#first = 0;
  }

  #hold(gtid: string): void {
    const dash = gtid.indexOf('-');
    const isMariadb = !gtid.includes(':');
    const domain = isMariadb ? gtid.slice(0, dash) : gtid;
    this.#held.delete(domain);
    this.#held.set(domain, gtid);
  }

  #release(): void {
    if (this.#held.size === 0) return;
    this.#endRun();
    for (const gtid of this.#held.values()) this.#gtids.push(gtid);
    this.#held.clear();
  }
}
