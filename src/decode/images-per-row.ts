import type { Operation } from '../model/row-change.ts';

/** What stands behind a row of this operation in the log: an update has two images. */
export function imagesPerRow(operation: Operation): number {
  return operation === 'update' ? 2 : 1;
}
