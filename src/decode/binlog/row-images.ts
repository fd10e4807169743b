import { HAS_AT, SAME_AT, VALUE_AT, type Row } from '../../model/row-change.ts';
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
  /** Bytes from the first value to that of a place, where no value before it is NULL or has a length of its own; else -1. */
  readonly #fixed: Int32Array;
  /** An image without NULLs: bytes of values one behind the other, then the size of a length, and so on; at the end bytes alone. */
  readonly #steps: Int32Array;
  /** Of the last byte of the bits: those that stand for columns. */
  readonly #lastBits: number;
  readonly #partial: ReadonlySet<number> | null;
  readonly layouts: readonly ColumnLayout[];
  readonly #present: readonly number[];

  /** `present`: columns of the table that the image has; `partial`: of those, the ones written as changes of the before image. */
  constructor(
    layouts: readonly ColumnLayout[],
    present: readonly number[],
    partial: ReadonlySet<number> | null = null,
  ) {
    this.#partial = partial;
    this.layouts = layouts;
    this.#present = present;
    this.#sizes = Int32Array.from(present, (column) => layouts[column]?.size ?? 0);
    this.#places = new Int32Array(layouts.length).fill(-1);
    for (const [place, column] of present.entries()) this.#places[column] = place;
    this.#nullBytes = (present.length + 7) >> 3;
    this.#lastBits = 0xff >> (-present.length & 7);
    this.#fixed = new Int32Array(present.length).fill(-1);
    const steps: number[] = [];
    let bytes = 0;
    for (const [place, size] of this.#sizes.entries()) {
      if (steps.length === 0) this.#fixed[place] = bytes;
      if (size >= 0) bytes += size;
      else {
        steps.push(bytes, -size);
        bytes = 0;
      }
    }
    this.#steps = Int32Array.from([...steps, bytes]);
  }

  get isEmpty(): boolean {
    return this.#sizes.length === 0;
  }

  /** The same columns, of which these are written as changes of the before image. */
  withPartial(columns: ReadonlySet<number>): ImageShape {
    return new ImageShape(this.layouts, this.#present, columns);
  }

  has(column: number): boolean {
    return (this.#places[column] ?? -1) >= 0;
  }

  /** Is the value the changes of a JSON document, and not the document? */
  isPartial(column: number): boolean {
    return this.#partial !== null && this.#partial.has(column);
  }

  /** The end of the image that begins at `at`: all columns are passed over by their length. Throws beyond `limit`. */
  end(bytes: Buffer, at: number, limit: number): number {
    const end = this.#hasNulls(bytes, at) ? this.#pass(bytes, at, this.#sizes.length) : this.#passAll(bytes, at);
    // Also when a length was read beyond the bytes, and is not a number.
    if (!(end <= limit)) throw new Error('a row that is longer than its event');
    return end;
  }

  /** Where the value of a column begins; -1: NULL, -2: the image does not have it. */
  find(bytes: Buffer, at: number, column: number): number {
    const place = this.#places[column] ?? -1;
    if (place < 0) return -2;
    if (((bytes[at + (place >> 3)] ?? 0) & (1 << (place & 7))) !== 0) return -1;
    const fixed = this.#fixed[place] ?? -1;
    if (fixed >= 0 && place < 8 && ((bytes[at] ?? 0) & ((1 << place) - 1)) === 0) return at + this.#nullBytes + fixed;
    return this.#pass(bytes, at, place);
  }

  /** Do both images surely hold the same value? False: who knows. */
  isSame(column: number, one: Buffer, oneAt: number, other: Buffer, otherAt: number): boolean {
    const place = this.#places[column] ?? -1;
    const [at, otherValue] = [this.find(one, oneAt, column), this.find(other, otherAt, column)];
    if (at < 0 || otherValue < 0) return at === -1 && otherValue === -1;
    if (this.#partial !== null) return false;
    const size = this.#sizes[place] ?? 0;
    const bytes = size >= 0 ? size : -size + lengthOf(one, at, -size);
    for (let index = 0; index < bytes; index++) if (one[at + index] !== other[otherValue + index]) return false;
    return true;
  }

  #hasNulls(bytes: Buffer, at: number): boolean {
    const last = at + this.#nullBytes - 1;
    for (let p = at; p < last; p++) if (bytes[p] !== 0) return true;
    return ((bytes[last] ?? 0) & this.#lastBits) !== 0;
  }

  #passAll(bytes: Buffer, at: number): number {
    const steps = this.#steps;
    const last = steps.length - 1;
    let p = at + this.#nullBytes;
    for (let step = 0; step < last; step += 2) {
      p += steps[step] ?? 0;
      const width = steps[step + 1] ?? 0;
      p += width + (width === 1 ? (bytes[p] ?? NaN) : lengthOf(bytes, p, width));
    }
    return p + (steps[last] ?? 0);
  }

  #pass(bytes: Buffer, at: number, count: number): number {
    let p = at + this.#nullBytes;
    for (let place = 0; place < count; place++) {
      if (((bytes[at + (place >> 3)] ?? 0) & (1 << (place & 7))) !== 0) continue;
      const size = this.#sizes[place] ?? 0;
      if (size >= 0) p += size;
      else if (size === -1) p += 1 + (bytes[p] ?? NaN);
      else p += -size + lengthOf(bytes, p, -size);
    }
    return p;
  }
}

/** Of a value; not a number beyond the bytes. */
function lengthOf(bytes: Buffer, at: number, width: number): number {
  if (width === 1) return bytes[at] ?? NaN;
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  if (width === 2) return low;
  const three = low | ((bytes[at + 2] ?? 0) << 16);
  return width === 3 ? three : three + (bytes[at + 3] ?? 0) * 0x1000000;
}

/** What all rows of a table share. */
export type RowClass = new (bytes: Buffer, at: number, shape: ImageShape, before: StoredRow | null) => StoredRow;

/** Symbols, because any name may be one of a column; and not private, because those cost as much as all the rest of a row. */
const BYTES = Symbol('bytes');
const AT = Symbol('at');
const SHAPE = Symbol('shape');
const BEFORE = Symbol('before');
const NAMES = Symbol('names');

/**
 * A row image as it stands in the log. A column is a property, and is read from the bytes when somebody asks for it: what no rule needs
 * is never decoded, and whatever rules come later can ask for any column.
 */
export class StoredRow {
  readonly [column: string]: unknown;
  // Declared only, and set by the class of the table.
  declare readonly [BYTES]: Buffer;
  declare readonly [AT]: number;
  declare readonly [SHAPE]: ImageShape;
  /** Of an after image: what it does not have did not change. */
  declare readonly [BEFORE]: StoredRow | null;
  declare readonly [NAMES]: readonly string[];

  /** A column by its place in the table: what its property gives, without a search for the name. */
  [VALUE_AT](column: number): unknown {
    const shape = this[SHAPE];
    const bytes = this[BYTES];
    const at = shape.find(bytes, this[AT], column);
    if (at < 0) {
      if (at === -1) return null;
      // Undefined: nobody knows.
      return this[BEFORE]?.[VALUE_AT](column);
    }
    const layout = shape.layouts[column];
    if (layout === undefined) return undefined;
    try {
      return shape.isPartial(column) ? changedDocument(bytes, at, this[BEFORE], column) : layout.read(bytes, at);
    } catch (error) {
      const words = layout.words.slice(0, 100);
      const message = `column ${this[NAMES][column]} holds a value that is no ${words}: ${errorMessage(error)}`;
      throw new SluiceError('SOURCE_DECODE', message, { cause: error });
    }
  }

  /** True: the column surely holds the same in both. */
  [SAME_AT](column: number, other: Row): boolean {
    const shape = this[SHAPE];
    if (!(other instanceof StoredRow) || other[SHAPE] !== shape) return false;
    return shape.isSame(column, this[BYTES], this[AT], other[BYTES], other[AT]);
  }

  [HAS_AT](column: number): boolean {
    return this[SHAPE].has(column);
  }
}

/** The class of the rows of one table: a getter for each column. */
export function rowClass(names: readonly string[]): RowClass {
  // Not `extends`: to call the constructor above it costs as much as all else that is done to make a row.
  class TableRow {
    declare [BYTES]: Buffer;
    declare [AT]: number;
    declare [SHAPE]: ImageShape;
    declare [BEFORE]: StoredRow | null;

    constructor(bytes: Buffer, at: number, shape: ImageShape, before: StoredRow | null) {
      this[BYTES] = bytes;
      this[AT] = at;
      this[SHAPE] = shape;
      this[BEFORE] = before;
    }
  }
  const { prototype } = TableRow;
  Object.setPrototypeOf(prototype, StoredRow.prototype);
  Object.defineProperty(prototype, NAMES, { value: names });
  for (const [column, name] of names.entries()) {
    Object.defineProperty(prototype, name, {
      get(this: StoredRow) {
        return this[VALUE_AT](column);
      },
      enumerable: true,
      configurable: true,
    });
  }
  return TableRow as unknown as RowClass;
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
