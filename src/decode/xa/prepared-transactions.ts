import type { BinlogCoordinates } from '../../model/position.ts';
import type { HeldRows } from './held-rows.ts';

/** An XA transaction between XA PREPARE and its end. */
export interface PreparedTransaction {
  readonly rows: HeldRows;
  /** Of its PREPARE: another transaction than the one that ends it. */
  readonly gtid: string | null;
  readonly begin: BinlogCoordinates;
  readonly preparedAtMs: number;
}

/**
 * The XA transactions that are prepared at this point of the log: their rows are neither visible nor gone. They wait here for as
 * long as nobody ends them, so what they hold together is bounded: beyond it the largest gives up its rows.
 */
export class PreparedTransactions {
  readonly #maxBytes: number;
  /** In the order of their PREPARE. */
  readonly #byXid = new Map<string, PreparedTransaction>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#byXid.size;
  }

  /** Null: there is none. */
  get oldest(): PreparedTransaction | null {
    return this.#byXid.values().next().value ?? null;
  }

  /** Is there one whose GTID cannot be left out of the position, because it has none? */
  get hasAnonymous(): boolean {
    return [...this.#byXid.values()].some(({ gtid }) => gtid === null);
  }

  prepare(xid: string, transaction: PreparedTransaction): void {
    this.#byXid.set(xid, transaction);
    this.#bytes += transaction.rows.bytes;
  }

  /** It is over, however it ended. Null: it was prepared before our beginning. */
  end(xid: string): PreparedTransaction | null {
    const transaction = this.#byXid.get(xid) ?? null;
    this.#byXid.delete(xid);
    this.#bytes -= transaction?.rows.bytes ?? 0;
    return transaction;
  }

  /** To be called when rows were added to the XA transaction that is being read. */
  limit(open: HeldRows): void {
    while (this.#bytes + open.bytes > this.#maxBytes) {
      const largest = this.#largest(open);
      if (largest !== open) this.#bytes -= largest.bytes;
      largest.giveUp();
    }
  }

  #largest(open: HeldRows): HeldRows {
    let largest = open;
    for (const { rows } of this.#byXid.values()) if (rows.bytes > largest.bytes) largest = rows;
    return largest;
  }
}
