import type { TableMapEvent } from '../model/binlog-event.ts';
import type { Flavour } from '../model/position.ts';
import { Cursor } from './binlog/cursor.ts';
import { HEADER_BYTES, uint48 } from './binlog/header.ts';
import { TableReader } from './binlog/rows.ts';
import { parseTableMap } from './binlog/table-map.ts';

/** Table id and flags. */
const ID_BYTES = 6;
const HEAD_BYTES = HEADER_BYTES + ID_BYTES + 2;

/** More than any schema has; beyond it all is forgotten, and made anew: names at once, ids at the end of a statement. */
const MAX_TABLES = 20_000;

interface Known {
  /** The event behind its table id and flags. */
  readonly bytes: Buffer;
  readonly reader: TableReader;
  readonly event: Pick<TableMapEvent, 'schemaName' | 'tableName' | 'columns' | 'primaryKey'>;
}

/** The readers of the tables that a stream has defined, made once for each definition: the same bytes are the same definition. */
export class TableReaders {
  /** Valid until the file changes. */
  readonly #byId = new Map<number, Known>();
  readonly #byName = new Map<string, Known>();
  readonly #flavour: Flavour;

  constructor(flavour: Flavour) {
    this.#flavour = flavour;
  }

  /** Is it what the id meant already? */
  isLast(bytes: Buffer, start: number, end: number): boolean {
    const known = this.#byId.get(tableId(bytes, start));
    return known !== undefined && isSame(known.bytes, bytes, start + HEAD_BYTES, end);
  }

  define(bytes: Buffer, start: number, end: number): Omit<TableMapEvent, 'timestamp' | 'nextPosition' | 'size'> {
    const id = tableId(bytes, start);
    const cursor = new Cursor(bytes, start + HEAD_BYTES, end);
    const definition = parseTableMap(cursor, this.#flavour);
    const name = `${definition.database}.${definition.table}`;
    let known = this.#byName.get(name);
    if (known === undefined || !isSame(known.bytes, bytes, start + HEAD_BYTES, end)) {
      const reader = new TableReader(definition);
      known = {
        bytes: Buffer.from(bytes.subarray(start + HEAD_BYTES, end)),
        reader,
        event: {
          schemaName: definition.database,
          tableName: definition.table,
          columns: definition.columns.map(({ name, charset }, index) => ({
            name,
            charset,
            columnType: reader.layouts[index]?.words ?? '',
          })),
          primaryKey: definition.primaryKey,
        },
      };
      if (this.#byName.size >= MAX_TABLES) this.#byName.clear();
      this.#byName.set(name, known);
    }
    this.#byId.set(id, known);
    return { tableId: id, ...known.event };
  }

  byId(id: number): TableReader {
    const known = this.#byId.get(id);
    if (known === undefined) throw new Error(`rows of table id ${id}, which nothing has defined`);
    return known.reader;
  }

  /** Ids should be forgotten as soon as no statement is open that may still use them. */
  get isFull(): boolean {
    return this.#byId.size >= MAX_TABLES;
  }

  /** The log goes on in another file, where ids may mean something else; or there are too many. */
  forgetIds(): void {
    this.#byId.clear();
  }
}

function tableId(bytes: Buffer, start: number): number {
  if (start + HEAD_BYTES > bytes.length) throw new Error('the event is too short');
  return uint48(bytes, start + HEADER_BYTES);
}

function isSame(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  return known.length === to - from && known.compare(bytes, from, to) === 0;
}
