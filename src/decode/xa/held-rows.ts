import type { RowsEvent } from '../../model/binlog-event.ts';
import type { Operation, Table } from '../../model/row-change.ts';
import { CHANGE_BYTES } from '../batch-builder.ts';
import type { KnownTable } from '../table-registry.ts';

/** One row event, as it was read. */
export interface HeldEvent {
  readonly operation: Operation;
  readonly known: KnownTable;
  readonly rows: RowsEvent['rows'];
  readonly sizeBytes: number;
}

/**
 * What an XA transaction has changed so far. It is kept as it was read, without versions: those are given when it is
 * committed. If it must give up its memory, only the touched tables are left of it.
 */
export class HeldRows {
  /** Of all rows, also of those that were given up: each has a version of its own. */
  #count = 0;
  #bytes = 0;
  /** Null: given up. */
  #events: HeldEvent[] | null = [];
  readonly #tables = new Map<string, Table>();

  get count(): number {
    return this.#count;
  }

  /** What they weigh in memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get events(): readonly HeldEvent[] | null {
    return this.#events;
  }

  get tables(): readonly Table[] {
    return [...this.#tables.values()];
  }

  add(event: HeldEvent): void {
    if (event.rows.length === 0) return;
    const { table } = event.known;
    this.#count += event.rows.length;
    this.#tables.set(`${table.database}.${table.name}`, table);
    if (this.#events === null) return;
    this.#events.push(event);
    this.#bytes += event.sizeBytes + event.rows.length * CHANGE_BYTES;
  }

  giveUp(): void {
    this.#events = null;
    this.#bytes = 0;
  }
}
