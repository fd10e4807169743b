import type { Column, JsonValue, Row, Table } from '../../model/row-change.ts';
import { jsonDocumentText } from './json-document.ts';
import { makeColumn, parseColumnType, typeOfValues, type ColumnType } from './column-types.ts';

type Image = Readonly<Record<string, JsonValue>> | null;

export interface JsonTable {
  readonly database: string;
  readonly name: string;
  readonly primaryKey: readonly string[];
  /** As the server declares them today; of a column that is not here the values tell the type. */
  readonly types: ReadonlyMap<string, string>;
}

/** Rows whose values stand there as JSON (docs/types.md), as rows that rules can be applied to. A column that an image does not have is unknown there. */
export function tableOfJson(
  { database, name, primaryKey, types }: JsonTable,
  images: readonly Image[],
): { readonly table: Table; readonly rowOf: (image: Image) => Row | null } {
  const names = [...new Set(images.flatMap((image) => Object.keys(image ?? {})))];
  const columnTypes = new Map(names.map((each) => [each, typeOf(types.get(each), valuesOf(images, each))]));
  const columns: Column[] = [...columnTypes].map(([each, type]) => makeColumn(each, type));
  const columnsByName = new Map(columns.map((column) => [column.name, column]));
  const rowOf = (image: Image): Row | null =>
    image === null
      ? null
      : Object.fromEntries(Object.entries(image).map(([each, value]) => [each, textOf(value, columnTypes.get(each))]));
  return { table: { database, name, columns, columnsByName, primaryKey }, rowOf };
}

function valuesOf(images: readonly Image[], name: string): JsonValue[] {
  return images.flatMap((image) => (image?.[name] === null || image?.[name] === undefined ? [] : [image[name]]));
}

/** The column may have had another type then: one that does not fit its values is not believed. */
function typeOf(declared: string | undefined, values: readonly JsonValue[]): ColumnType {
  const parsed = declared === undefined ? null : parseColumnType(declared);
  if (parsed === null || !('ok' in parsed)) return typeOfValues(values);
  const isJson = parsed.ok.words === 'json';
  const fits = values.every((value) => isJson || ('ok' in parsed.ok.read(value) && typeof value !== 'object'));
  return fits ? parsed.ok : typeOfValues(values);
}

/** The canonical text. A string of a JSON column stands for itself, in a test it would be JSON text. */
function textOf(value: JsonValue, type: ColumnType | undefined): string | null {
  if (value === null) return null;
  if (type?.words === 'json' || typeof value === 'object') return jsonDocumentText(value);
  const read = type?.read(value);
  return read !== undefined && 'ok' in read ? read.ok : String(value);
}
