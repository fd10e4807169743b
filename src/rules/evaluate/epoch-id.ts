import type { TableName } from '../../model/row-origin.ts';

/** How the map of epochs names a table. */
export function epochId({ database, table }: TableName): string {
  return `${database}.${table}`;
}

/** Where applications read the epoch of a table. */
export function epochKey(name: TableName): string {
  return `sluice:epoch:${epochId(name)}`;
}
