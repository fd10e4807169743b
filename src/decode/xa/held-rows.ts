import type { RowsEvent } from '../../model/binlog-event.ts';
import type { Operation, Table } from '../../model/row-change.ts';
import { CHANGE_BYTES } from '../batch-builder.ts';
import { imagesPerRow } from '../images-per-row.ts';

/** One row event, as it was read. */
export interface HeldEvent {
  readonly operation: Operation;
  readonly table: Table;
  readonly images: RowsEvent['images'];
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
    const { table, images, operation } = event;
    const rows = images.length / imagesPerRow(operation);
    if (rows === 0) return;
    this.#count += rows;
    this.#tables.set(`${table.database}.${table.name}`, table);
    if (this.#events === null) return;
    this.#events.push(event);
    this.#bytes += event.sizeBytes + rows * CHANGE_BYTES;
  }

  giveUp(): void {
    this.#events = null;
    this.#bytes = 0;
  }
}
