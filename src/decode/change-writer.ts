import type { QueryEvent, RowImage, RowsEvent } from '../model/binlog-event.ts';
import type { Operation, Row, RowChange, Table, TableChangeOperation, Transaction } from '../model/row-change.ts';
import { firstVersion, type Version } from '../model/version.ts';
import type { BatchBuilder } from './batch-builder.ts';
import { imagesPerRow } from './images-per-row.ts';
import { touchedTables } from './table-change.ts';
import type { HeldRows } from './xa/held-rows.ts';

export interface ChangeWriterOptions {
  readonly batches: BatchBuilder;
  readonly lastVersion: Version;
  readonly lowerCaseNames: boolean;
}

/** Makes changes of what was decoded, and numbers them: every change of a transaction has its own version. */
export class ChangeWriter {
  readonly #batches: BatchBuilder;
  readonly #lowerCaseNames: boolean;
  #version: Version;
  #changesOfTransaction = 0;
  /** Of the event whose rows are being added. */
  #operation: Operation = 'insert';
  #table: Table | null = null;
  #transaction: Transaction | null = null;
  #openedAt = 0;

  constructor({ batches, lastVersion, lowerCaseNames }: ChangeWriterOptions) {
    this.#batches = batches;
    this.#version = lastVersion;
    this.#lowerCaseNames = lowerCaseNames;
  }

  /** The last one given out. */
  get version(): Version {
    return this.#version;
  }

  get hasChanges(): boolean {
    return this.#changesOfTransaction > 0;
  }

  begin(): void {
    this.#changesOfTransaction = 0;
  }

  /** Rows of one event begin: `add` for each, then `close`. */
  open(operation: Operation, table: Table, transaction: Transaction): void {
    this.#operation = operation;
    this.#table = table;
    this.#transaction = transaction;
    this.#openedAt = this.#batches.changes;
  }

  /** `first`: the only image, or that of before. */
  add(first: RowImage, second: RowImage | null): void {
    const operation = this.#operation;
    const table = this.#table;
    const transaction = this.#transaction;
    if (table === null || transaction === null) throw new Error('a row without an event');
    const before = operation === 'insert' ? null : first;
    const after = operation === 'insert' ? first : second;
    const version = this.#nextVersion(transaction);
    this.#batches.add(new LoggedChange(operation, table, before, after, version, transaction));
  }

  close(sizeBytes: number): void {
    if (this.#transaction !== null) this.#batches.addBytes(sizeBytes, this.#transaction);
  }

  /** Rows of an event that turned out to be unreadable: none of it is true. */
  drop(): void {
    this.#batches.cut(this.#openedAt);
  }

  rows(
    operation: Operation,
    table: Table,
    { images, size }: Pick<RowsEvent, 'images' | 'size'>,
    transaction: Transaction,
  ): void {
    this.open(operation, table, transaction);
    const step = imagesPerRow(operation);
    for (let index = 0; index < images.length; index += step) {
      const first = images[index];
      if (first === undefined) break;
      this.add(first, step === 1 ? null : (images[index + 1] ?? null));
    }
    this.close(size);
  }

  /** A statement that is logged as text in every format: DDL, GRANT, … */
  definition({ query, schema, size }: QueryEvent, transaction: Transaction): void {
    const touched = touchedTables(query, schema);
    if (touched.length === 0) return;
    const stored = (name: string | null): string | null =>
      this.#lowerCaseNames && name !== null ? name.toLowerCase() : name;
    for (const { operation, database, table } of touched) {
      this.table(operation, { database: stored(database), table: stored(table) }, transaction);
    }
    this.#batches.addBytes(size, transaction);
  }

  /** The rows of an XA transaction that is committed now; of rows that were given up, the tables they were in. */
  held(rows: HeldRows, transaction: Transaction): void {
    if (rows.events === null) {
      // As many versions as with the rows: whether a restart finds room for them must not move the versions behind them.
      this.#skipVersions(rows.count - rows.tables.length, transaction);
      this.heldTables(rows, transaction);
    } else {
      for (const { operation, table, images, sizeBytes } of rows.events) {
        this.rows(operation, table, { images, size: sizeBytes }, transaction);
      }
    }
  }

  heldTables({ tables }: HeldRows, transaction: Transaction): void {
    for (const { database, name } of tables) this.table('unknown_rows', { database, table: name }, transaction);
  }

  table(
    operation: TableChangeOperation,
    names: { readonly database: string | null; readonly table: string | null },
    transaction: Transaction,
  ): void {
    const version = this.#nextVersion(transaction);
    this.#batches.add({ kind: 'table', operation, ...names, version, transaction });
  }

  #nextVersion(transaction: Transaction): Version {
    const first = this.#changesOfTransaction++ === 0;
    this.#version = first ? firstVersion(this.#version, transaction.commitTimeUs) : this.#version + 1;
    return this.#version;
  }

  #skipVersions(count: number, transaction: Transaction): void {
    if (count <= 0) return;
    this.#nextVersion(transaction);
    this.#version += count - 1;
  }
}

/** A class for the same reason as in src/model/row-invalidations.ts: changes wait while nobody pulls. */
class LoggedChange implements RowChange {
  readonly kind = 'row';
  readonly operation: Operation;
  readonly table: Table;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly version: Version;
  readonly transaction: Transaction;

  constructor(
    operation: Operation,
    table: Table,
    before: Row | null,
    after: Row | null,
    version: Version,
    transaction: Transaction,
  ) {
    this.operation = operation;
    this.table = table;
    this.before = before;
    this.after = after;
    this.version = version;
    this.transaction = transaction;
  }
}
