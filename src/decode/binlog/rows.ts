import type { Operation } from '../../model/row-change.ts';
import { EVENT } from '../event-type.ts';
import { HEADER_BYTES, uint48 } from './header.ts';
import { COLUMN } from './column-type.ts';
import { columnLayout, type ColumnLayout } from './column-layout.ts';
import { Cursor } from './cursor.ts';
import { ImageShape, rowClass, type RowClass, type StoredRow } from './row-images.ts';
import type { TableDefinition } from './table-map.ts';

/** Of the first version no more than a table id (6 bytes) and flags (2) come before the columns; of the second, more data (2: its length). */
export interface RowsLayout {
  readonly version: 1 | 2;
  readonly operation: Operation;
  /** Two images of each row. */
  readonly isUpdate: boolean;
  /** The second image may have changes of documents instead of documents. */
  readonly isPartial: boolean;
  /** MariaDB: what comes behind the columns is compressed. */
  readonly isCompressed: boolean;
}

const ROWS = { isUpdate: false, isPartial: false, isCompressed: false };
const INSERT = { ...ROWS, operation: 'insert' } as const;
const UPDATE = { ...ROWS, operation: 'update', isUpdate: true } as const;
const DELETE = { ...ROWS, operation: 'delete' } as const;

const LAYOUTS: readonly (readonly [number, RowsLayout])[] = [
  [EVENT.writeRowsV1, { ...INSERT, version: 1 }],
  [EVENT.updateRowsV1, { ...UPDATE, version: 1 }],
  [EVENT.deleteRowsV1, { ...DELETE, version: 1 }],
  [EVENT.writeRows, { ...INSERT, version: 2 }],
  [EVENT.updateRows, { ...UPDATE, version: 2 }],
  [EVENT.deleteRows, { ...DELETE, version: 2 }],
  [EVENT.partialUpdateRows, { ...UPDATE, version: 2, isPartial: true }],
  [EVENT.writeRowsCompressedV1, { ...INSERT, version: 1, isCompressed: true }],
  [EVENT.updateRowsCompressedV1, { ...UPDATE, version: 1, isCompressed: true }],
  [EVENT.deleteRowsCompressedV1, { ...DELETE, version: 1, isCompressed: true }],
  [EVENT.writeRowsCompressed, { ...INSERT, version: 2, isCompressed: true }],
  [EVENT.updateRowsCompressed, { ...UPDATE, version: 2, isCompressed: true }],
  [EVENT.deleteRowsCompressed, { ...DELETE, version: 2, isCompressed: true }],
];

/** By the type of the event; null: it has no rows. */
export const ROWS_LAYOUT: readonly (RowsLayout | null)[] = Array.from(
  { length: 256 },
  (_, type) => LAYOUTS.find(([each]) => each === type)?.[1] ?? null,
);

/** Said before each after image of a partial update, in its lowest bit: the JSON columns' bits follow. */
const PARTIAL_JSON = 1;

/** More sets of columns than sessions use; beyond it all are forgotten, and made anew. */
const MAX_SHAPES = 64;

/** Takes the rows of an event as they are found. */
export interface RowSink {
  /** `second`: of an update, the image behind it. */
  add(first: StoredRow, second: StoredRow | null): void;
}

/** How the rows of one table are read. */
export class TableReader {
  readonly definition: TableDefinition;
  readonly layouts: readonly ColumnLayout[];
  readonly #row: RowClass;
  readonly #bitmapBytes: number;
  /** Of rows that have all columns, as nearly all have. */
  readonly #fullRows: RowsHead;
  readonly #fullPairs: RowsHead;
  readonly #json: readonly number[];
  /** By the bits of the columns they have. */
  readonly #shapes = new Map<string, ImageShape>();
  /** Of partial updates: by the bits of the JSON columns, the last shape with all columns whole and what came of it. */
  readonly #partials = new Map<string, { readonly whole: ImageShape; readonly partial: ImageShape }>();

  constructor(definition: TableDefinition) {
    const { columns } = definition;
    this.definition = definition;
    this.layouts = columns.map(columnLayout);
    this.#row = rowClass(columns.map(({ name }) => name));
    this.#bitmapBytes = (columns.length + 7) >> 3;
    const full = new ImageShape(this.layouts, [...columns.keys()]);
    this.#fullRows = { first: full, second: null, isPartial: false };
    this.#fullPairs = { first: full, second: full, isPartial: false };
    this.#json = columns.flatMap(({ type }, index) => (type === COLUMN.json ? [index] : []));
  }

  /** The rows between `from` and `to`; of an update pairs, before and after. */
  read(head: RowsHead, rows: Buffer, from: number, to: number, sink: RowSink): void {
    const { first, second, isPartial } = head;
    const Row = this.#row;
    for (let at = from; at < to;) {
      const row = new Row(rows, at, first, null);
      at = first.end(rows, at, to);
      if (second === null) {
        sink.add(row, null);
        continue;
      }
      let shape = second;
      if (isPartial) {
        const cursor = new Cursor(rows, at, to);
        shape = this.#partialShape(second, cursor);
        at = cursor.at;
      }
      sink.add(row, new Row(rows, at, shape, row));
      at = shape.end(rows, at, to);
    }
  }

  /** What the event says before its rows. `at`: where the number of columns stands. */
  head(bytes: Buffer, at: number, end: number, { isUpdate, isPartial }: RowsLayout): RowsHead {
    const count = this.layouts.length;
    const columns = columnCount(bytes, at);
    if (columns !== count) throw new Error(`rows of ${columns} columns of a table that has ${count}`);
    const first = at + (count < 251 ? 1 : 3);
    const second = first + this.#bitmapBytes;
    const rows = isUpdate ? second + this.#bitmapBytes : second;
    if (rows > end) throw new Error('the event is too short');
    if (isFull(bytes, first, count) && (!isUpdate || isFull(bytes, second, count)) && !isPartial) {
      return isUpdate ? this.#fullPairs : this.#fullRows;
    }
    const head = {
      first: this.#shape(bytes, first),
      second: isUpdate ? this.#shape(bytes, second) : null,
      isPartial,
    };
    // Nobody could tell how many they are.
    if (head.first.isEmpty && (head.second?.isEmpty ?? true)) throw new Error('rows without columns: every session needs binlog_row_image=FULL'); // prettier-ignore
    return head;
  }

  /** How far behind the number of columns the rows begin. */
  headBytes({ isUpdate }: RowsLayout): number {
    return (this.layouts.length < 251 ? 1 : 3) + this.#bitmapBytes * (isUpdate ? 2 : 1);
  }

  #shape(bytes: Buffer, at: number): ImageShape {
    const bits = bytes.toString('latin1', at, at + this.#bitmapBytes);
    let shape = this.#shapes.get(bits);
    if (shape === undefined) {
      const present = [...this.layouts.keys()].filter((column) => isSet(bytes, at, column));
      shape = new ImageShape(this.layouts, present);
      if (this.#shapes.size >= MAX_SHAPES) this.#shapes.clear();
      this.#shapes.set(bits, shape);
    }
    return shape;
  }

  /** A bit for each JSON column of the table, whether the image has it or not. */
  #partialShape(shape: ImageShape, cursor: Cursor): ImageShape {
    const options = cursor.packed();
    if (options === 0) return shape;
    if (options !== PARTIAL_JSON) throw new Error(`rows with options ${options}, which are not known to Sluice`);
    const at = cursor.skip((this.#json.length + 7) >> 3);
    const bits = cursor.bytes.toString('latin1', at, cursor.at);
    const known = this.#partials.get(bits);
    if (known?.whole === shape) return known.partial;
    const columns = this.#json.filter((_, place) => isSet(cursor.bytes, at, place));
    const partial = columns.length === 0 ? shape : shape.withPartial(new Set(columns));
    if (this.#partials.size >= MAX_SHAPES) this.#partials.clear();
    this.#partials.set(bits, { whole: shape, partial });
    return partial;
  }
}

export interface RowsHead {
  readonly first: ImageShape;
  /** Of an update. */
  readonly second: ImageShape | null;
  readonly isPartial: boolean;
}

export function tableIdOf(bytes: Buffer, start: number): number {
  return uint48(bytes, start + HEADER_BYTES);
}

/** Set in the last event of a statement. */
const STATEMENT_END = 1;

export function endsStatement(bytes: Buffer, start: number): boolean {
  return ((bytes[start + HEADER_BYTES + 6] ?? 0) & STATEMENT_END) !== 0;
}

/** Where the number of columns stands. */
export function columnsAt(bytes: Buffer, start: number, end: number, version: 1 | 2): number {
  const behindFlags = start + HEADER_BYTES + 8;
  if (version === 1) return behindFlags;
  // Its own two bytes count.
  const extra = (bytes[behindFlags] ?? 0) | ((bytes[behindFlags + 1] ?? 0) << 8);
  if (extra < 2 || behindFlags + extra > end) throw new Error(`extra data of ${extra} bytes`);
  return behindFlags + extra;
}

/** One byte, or two behind 252: more columns no table has. */
function columnCount(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 251) return first;
  return first === 252 ? (bytes[at + 1] ?? 0) + (bytes[at + 2] ?? 0) * 256 : Infinity;
}

function isSet(bytes: Buffer, at: number, bit: number): boolean {
  return ((bytes[at + (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;
}

function isFull(bytes: Buffer, at: number, bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const wanted = bits - bit >= 8 ? 0xff : (1 << (bits - bit)) - 1;
    if (((bytes[at + (bit >> 3)] ?? 0) & wanted) !== wanted) return false;
  }
  return true;
}
