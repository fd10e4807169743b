import type { RowImage } from '../model/binlog-event.ts';
import type { Operation, RowChange, Table, Transaction } from '../model/row-change.ts';
import type { Version } from '../model/version.ts';

/** What stands behind a row of this operation in the log: an update has two images. */
export function imagesPerRow(operation: Operation): number {
  return operation === 'update' ? 2 : 1;
}

/** `first`: the only image, or that of before. */
export function rowChange(
  operation: Operation,
  table: Table,
  { first, second }: { readonly first: RowImage; readonly second: RowImage | null },
  version: Version,
  transaction: Transaction,
): RowChange {
  const before = operation === 'insert' ? null : first;
  const after = operation === 'insert' ? first : operation === 'update' ? second : null;
  return { kind: 'row', operation, table, before, after, version, transaction };
}
