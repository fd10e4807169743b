import type { Column, ColumnValue, JsonValue, Row } from '../../model/row-change.ts';
import { valueOf } from '../evaluate/column-reader.ts';

/** The columns an image is read for, found in one table. */
export interface BoundColumn {
  /** As the condition writes it. */
  readonly name: string;
  readonly column: Column;
  readonly convert: (column: Column, value: ColumnValue) => unknown;
}

/** An image that is absent has only NULLs. A Map: a column may have any name, `constructor` too. */
export function image(columns: readonly BoundColumn[], row: Row | null): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { name, column, convert } of columns) {
    const value = row === null ? null : valueOf(row, column);
    values.set(name, value === null ? null : convert(column, value));
  }
  return values;
}

/** A JSON document with Maps for its objects, whose names come from whoever wrote the row. */
function documentOf(value: JsonValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(documentOf);
  return new Map(Object.entries(value).map(([name, inner]) => [name, documentOf(inner)]));
}

const INTEGERS: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year', 'bit']);
const NUMBERS: ReadonlySet<string> = new Set(['decimal', 'float', 'double']);

export function conversionOf({ type }: Column): BoundColumn['convert'] {
  const [word = ''] = type.split(' ');
  if (INTEGERS.has(word)) return (column, value) => BigInt(column.text(value));
  if (NUMBERS.has(word)) return (column, value) => Number(column.text(value));
  if (word === 'json') return (column, value) => documentOf(column.json(value));
  return (column, value) => column.text(value);
}
