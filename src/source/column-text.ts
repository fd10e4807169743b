import type { FieldPacket } from 'mysql2/promise';
import type { Flavour } from '../model/position.ts';
import { doubleText, floatText, MARIADB_REAL, MYSQL_DOUBLE, MYSQL_FLOAT, vectorText } from '../model/number-text.ts';
import { COLUMN_TYPE } from './column-type.ts';

/** The canonical text (docs/types.md) of a value that a prepared statement gave. */
export function columnText(value: unknown, field: FieldPacket, flavour: Flavour): string | null {
  if (value === null || value === undefined) return null;
  const type = typeOf(field);
  switch (type) {
    case COLUMN_TYPE.float:
      return floatText(value as number, flavour === 'mysql' ? MYSQL_FLOAT : MARIADB_REAL);
    case COLUMN_TYPE.double:
      return doubleText(value as number, flavour === 'mysql' ? MYSQL_DOUBLE : MARIADB_REAL);
    case COLUMN_TYPE.year:
      return `${value as number}`.padStart(4, '0');
    case COLUMN_TYPE.time:
    case COLUMN_TYPE.datetime:
    case COLUMN_TYPE.timestamp:
      return fullTime(value as string, field);
    case COLUMN_TYPE.vector:
      return vectorText(value as number[]);
    case COLUMN_TYPE.bit:
      return BigInt(`0x${(value as Buffer).toString('hex') || '0'}`).toString();
    default:
      if (Buffer.isBuffer(value)) return value.toString('hex');
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

export function typeOf({ type, columnType }: FieldPacket): number {
  return type ?? columnType ?? 0;
}

/**
 * A time of day with all of its decimals. The client leaves out zeros at the end of a TIME (`00:00:01.5`), and all of them
 * when a DATETIME or TIMESTAMP has a whole second.
 */
export function fullTime(text: string, { decimals }: FieldPacket): string {
  // 31: an expression that knows nothing of decimals.
  if (decimals === 0 || decimals > 6) return text;
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}
