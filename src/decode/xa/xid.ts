import type { XaPrepareEvent } from '../../model/binlog-event.ts';

/** `XA COMMIT X'61',X'62',7`: the server writes this text itself, so its form is fixed. */
const ENDED = /^XA\s+(?:COMMIT|ROLLBACK)\s+X'([0-9a-f]*)',X'([0-9a-f]*)',(-?\d+)/i;

/**
 * The name of an XA transaction as a key: global part, branch and format id. The number has 32 bits in the event of a PREPARE and may have
 * more, or a sign, in the text of a statement. Source: MySQL source code documentation, class XA_prepare_event.
 */
export function xidOf({ xidGtrid, xidBqual, xidFormatId }: XaPrepareEvent): string {
  return key(xidGtrid.toString('hex'), xidBqual.toString('hex'), BigInt(xidFormatId));
}

/** Of a statement that ends a prepared one; null: it cannot be read. */
export function xidOfStatement(text: string): string | null {
  const [, global, branch, format] = ENDED.exec(text) ?? [];
  if (global === undefined || branch === undefined || format === undefined) return null;
  return key(global.toLowerCase(), branch.toLowerCase(), BigInt(format));
}

function key(global: string, branch: string, format: bigint): string {
  return `${global}.${branch}.${BigInt.asUintN(32, format)}`;
}
