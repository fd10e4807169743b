import type { RowImage, RowPair } from '../model/binlog-event.ts';
import type { Operation, RowChange, Transaction } from '../model/row-change.ts';
import type { Version } from '../model/version.ts';
import type { KnownTable } from './table-registry.ts';

/** `row` is a pair of images for an update, else one image. */
export function rowChange(
  operation: Operation,
  { table, enumColumns }: KnownTable,
  row: RowImage | RowPair,
  version: Version,
  transaction: Transaction,
): RowChange {
  let before: RowImage | null = null;
  let after: RowImage | null = null;
  if (operation === 'update') ({ before, after } = row as RowPair);
  else if (operation === 'insert') after = row as RowImage;
  else before = row as RowImage;
  if (enumColumns.length > 0) {
    nameTheEnumError(before, enumColumns);
    nameTheEnumError(after, enumColumns);
  }
  return { kind: 'row', operation, table, before, after, version, transaction };
}

/** The ENUM value with index 0, which a non-strict server stores for anything not in the list, reads as `''`. */
function nameTheEnumError(image: RowImage | null, enumColumns: readonly string[]): void {
  if (image === null) return;
  for (const name of enumColumns) {
    if (image[name] === undefined) image[name] = '';
  }
}
