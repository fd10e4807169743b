import { errorMessage, SluiceError } from '../../runtime/errors.ts';
import type { ColumnLayout } from './column-layout.ts';
import { parseJsonBinary } from './json-binary.ts';
import { applyJsonDiffs } from './json-diff.ts';
import { jsonText, type JsonNode } from './json-node.ts';

/**
 * Where the values of one kind of row image stand: a bit for each column it has says whether it is NULL, then come the values of the
 * others, one behind the other. Made once per table (and per set of columns, where images have not all of them), used for every row.
 */
export class ImageShape {
  /** Of the columns it has: bytes of a value, or, negative, of the length that a value begins with. */
  readonly #sizes: Int32Array;
  /** Column → place among those that the image has; -1: it does not have it. */
  readonly #places: Int32Array;
  readonly #nullBytes: number;
  readonly #partial: ReadonlySet<number> | null;
  readonly #layouts: readonly Pick<ColumnLayout, 'size'>[];
  readonly #present: readonly number[];

  /** `present`: columns of the table that the image has; `partial`: of those, the ones written as changes of the before image. */
  constructor(
    layouts: readonly Pick<ColumnLayout, 'size'>[],
    present: readonly number[],
    partial: ReadonlySet<number> | null = null,
  ) {
    this.#partial = partial;
    this.#layouts = layouts;
    this.#present = present;
    this.#sizes = Int32Array.from(present, (column) => layouts[column]?.size ?? 0);
    this.#places = new Int32Array(layouts.length).fill(-1);
    for (const [place, column] of present.entries()) this.#places[column] = place;
    this.#nullBytes = (present.length + 7) >> 3;
  }

  get isEmpty(): boolean {
    return this.#sizes.length === 0;
  }

  /** The same columns, of which these are written as changes of the before image. */
  withPartial(columns: ReadonlySet<number>): ImageShape {
    return new ImageShape(this.#layouts, this.#present, columns);
  }

  /** Is the value the changes of a JSON document, and not the document? */
  isPartial(column: number): boolean {
    return this.#partial !== null && this.#partial.has(column);
  }

  /** The end of the image that begins at `at`: all columns are passed over by their length. Throws beyond `limit`. */
  end(bytes: Buffer, at: number, limit: number): number {
    const end = this.#pass(bytes, at, this.#sizes.length);
    // Also when a length was read beyond the bytes, and is not a number.
    if (!(end <= limit)) throw new Error('a row that is longer than its event');
    return end;
  }

  /** Where the value of a column begins; -1: NULL, -2: the image does not have it. */
  find(bytes: Buffer, at: number, column: number): number {
    const place = this.#places[column] ?? -1;
    if (place < 0) return -2;
    if (((bytes[at + (place >> 3)] ?? 0) & (1 << (place & 7))) !== 0) return -1;
    return this.#pass(bytes, at, place);
  }

  #pass(bytes: Buffer, at: number, count: number): number {
    let p = at + this.#nullBytes;
    for (let place = 0; place < count; place++) {
      if (((bytes[at + (place >> 3)] ?? 0) & (1 << (place & 7))) !== 0) continue;
      const size = this.#sizes[place] ?? 0;
      if (size >= 0) p += size;
      else if (size === -1) p += 1 + (bytes[p] ?? NaN);
      else if (size === -2) p += 2 + ((bytes[p] ?? 0) | ((bytes[p + 1] ?? 0) << 8));
      else p += -size + longLength(bytes, p, -size);
    }
    return p;
  }
}

function longLength(bytes: Buffer, at: number, width: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return width === 3 ? low : low + (bytes[at + 3] ?? 0) * 0x1000000;
}

/** What all rows of a table share. */
export type RowClass = new (bytes: Buffer, at: number, shape: ImageShape, before: StoredRow | null) => StoredRow;

/** Symbols, because any name may be one of a column; and not private, because those cost as much as all the rest of a row. */
const BYTES = Symbol('bytes');
const AT = Symbol('at');
const SHAPE = Symbol('shape');
const BEFORE = Symbol('before');

/**
 * A row image as it stands in the log. A column is a property, and is read from the bytes when somebody asks for it: what no rule needs
 * is never decoded, and whatever rules come later can ask for any column.
 */
export class StoredRow {
  // Declared only: a field that is defined first and set then costs twice.
  declare readonly [BYTES]: Buffer;
  declare readonly [AT]: number;
  declare readonly [SHAPE]: ImageShape;
  /** Of an after image: what it does not have did not change. */
  declare readonly [BEFORE]: StoredRow | null;

  constructor(bytes: Buffer, at: number, shape: ImageShape, before: StoredRow | null) {
    this[BYTES] = bytes;
    this[AT] = at;
    this[SHAPE] = shape;
    this[BEFORE] = before;
  }
}

/** The class of the rows of one table: a getter for each column. */
export function rowClass(names: readonly string[], layouts: readonly ColumnLayout[]): RowClass {
  const Row = class extends StoredRow {};
  for (const [column, layout] of layouts.entries()) {
    const name = names[column] ?? '';
    Object.defineProperty(Row.prototype, name, {
      get(this: StoredRow) {
        return valueOf(this, column, layout, name);
      },
      enumerable: true,
      configurable: true,
    });
  }
  return Row;
}

function valueOf(row: StoredRow, column: number, layout: ColumnLayout, name: string): unknown {
  const { [BYTES]: bytes, [SHAPE]: shape, [BEFORE]: before } = row;
  const at = shape.find(bytes, row[AT], column);
  if (at === -1) return null;
  // Undefined: nobody knows.
  if (at === -2) return before === null ? undefined : valueOf(before, column, layout, name);
  try {
    return shape.isPartial(column) ? changedDocument(bytes, at, before, column) : layout.read(bytes, at);
  } catch (error) {
    const message = `column ${name} holds a value that is no ${layout.words.slice(0, 100)}: ${errorMessage(error)}`;
    throw new SluiceError('SOURCE_DECODE', message, { cause: error });
  }
}

/** A JSON document of which the log has only what changed; undefined when the document before it is not known. */
function changedDocument(bytes: Buffer, at: number, before: StoredRow | null, column: number): string | undefined {
  const document = before === null ? undefined : documentOf(before, column);
  if (document === undefined) return undefined;
  const from = at + 4;
  return jsonText(applyJsonDiffs(document, bytes, from, from + bytes.readUInt32LE(at)));
}

function documentOf({ [BYTES]: bytes, [AT]: row, [SHAPE]: shape }: StoredRow, column: number): JsonNode | undefined {
  const at = shape.find(bytes, row, column);
  if (at === -2) return undefined;
  if (at === -1) throw new Error('a change of a document that was NULL');
  const from = at + 4;
  return parseJsonBinary(bytes, from, from + bytes.readUInt32LE(at));
}
