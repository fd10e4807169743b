import type { BinlogCoordinates, TransactionEnd } from '../model/position.ts';
import type { Version } from '../model/version.ts';

/**
 * How far the position may move: behind the newest transaction end, unless that end is held back (an XA transaction is prepared
 * whose rows must come again after a restart). GTIDs that were held back move with the next end that is not.
 */
export class ReportedEnd {
  #coordinates: BinlogCoordinates | null = null;
  #lastVersion: Version = 0;
  #gtids: string[] = [];
  /** By replication domain: of MariaDB's GTIDs only the last one of each counts, and a wait may be long. */
  readonly #held = new Map<string, string>();
  #heldEnds = 0;

  /** A transaction ended; several GTIDs when it ends prepared ones too, none when its own must come again. */
  reach(gtids: readonly string[], coordinates: BinlogCoordinates, lastVersion: Version, isHeld: boolean): void {
    if (isHeld) {
      for (const gtid of gtids) this.#hold(gtid);
      this.#heldEnds++;
      return;
    }
    this.#release();
    for (const gtid of gtids) this.#gtids.push(gtid);
    this.#coordinates = coordinates;
    this.#lastVersion = lastVersion;
  }

  /** Null: it may not move. Begins anew. */
  take(): { readonly end: TransactionEnd | null; readonly heldEnds: number } {
    const coordinates = this.#coordinates;
    const heldEnds = this.#heldEnds;
    this.#heldEnds = 0;
    if (coordinates === null) return { end: null, heldEnds };
    const end = { coordinates, gtids: this.#gtids, lastVersion: this.#lastVersion };
    this.#coordinates = null;
    this.#gtids = [];
    return { end, heldEnds };
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
    for (const gtid of this.#held.values()) this.#gtids.push(gtid);
    this.#held.clear();
  }
}
