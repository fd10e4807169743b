/** Kinds of keys: the rule that owns them, who fills them, and what each must hold when everything has settled. */
import type { TableName } from './tables.ts';

export type Row = Readonly<Record<string, string | number>>;

/** `locked`: filled while their rows are locked. `aside`: GET, SELECT, SET. `daemon`: refreshed by Sluice itself. */
export type Filler = 'locked' | 'aside' | 'daemon';

export interface Family {
  readonly name: string;
  readonly table: TableName;
  /** The column whose value is the last part of the key. */
  readonly column: string;
  readonly filler: Filler;
  /** Besides name, table and keys. */
  readonly rule: (options: { againAfter: string | null }) => Record<string, unknown>;
  /** A string, or the fields of a hash; null: the key must not be there. `rows` are all of the key, by id. */
  readonly value: (rows: readonly Row[]) => string | Readonly<Record<string, string>> | null;
}

/** What an application would cache: also that there is nothing, so that an insert must be noticed. */
const listed = (rows: readonly Row[]): string => rows.map(({ id, n }) => `${id}@${n}`).join(',');
const deleted = (): Record<string, unknown> => ({ action: 'delete' });

/** As the daemon stores it: numbers as JSON numbers, in the order of the columns. */
const stored =
  (...columns: readonly string[]) =>
  ([row]: readonly Row[]): string | null =>
    row === undefined ? null : JSON.stringify(Object.fromEntries(columns.map((name) => [name, row[name]])));

export const FAMILIES: readonly Family[] = [
  { name: 'item', table: 'items', column: 'id', filler: 'locked', rule: deleted, value: listed },
  { name: 'category', table: 'items', column: 'category', filler: 'locked', rule: deleted, value: listed },
  { name: 'code', table: 'items', column: 'code', filler: 'locked', rule: deleted, value: listed },
  {
    name: 'customer',
    table: 'orders',
    column: 'customer',
    filler: 'locked',
    rule: () => ({ action: 'delete', partition_key: '{customer}' }),
    value: listed,
  },
  {
    name: 'card',
    table: 'cards',
    column: 'id',
    filler: 'daemon',
    rule: () => ({ action: { refresh: { row: ['id', 'n', 'label'] } } }),
    value: stored('id', 'n', 'label'),
  },
  {
    name: 'hash',
    table: 'cards',
    column: 'id',
    filler: 'daemon',
    rule: () => ({ action: { refresh: { row: ['id', 'n'], store: 'hash' } } }),
    value: ([row]) => (row === undefined ? null : { id: String(row['id']), n: String(row['n']) }),
  },
  {
    name: 'stat',
    table: 'stats',
    column: 'id',
    filler: 'daemon',
    rule: () => ({ action: { refresh: { query: 'SELECT id, n FROM stats WHERE id = :id' } } }),
    value: stored('id', 'n'),
  },
  { name: 'profile', table: 'profiles', column: 'id', filler: 'aside', rule: deleted, value: listed },
  {
    name: 'account',
    table: 'accounts',
    column: 'id',
    filler: 'aside',
    rule: ({ againAfter }) => ({ action: againAfter === null ? 'delete' : { delete: { again_after: againAfter } } }),
    value: listed,
  },
];

export function keyOf(prefix: string, family: string, value: string | number): string {
  return `${prefix}${family}:${value}`;
}

export function markerKey(prefix: string, id: number): string {
  return `${prefix}mark:${id}`;
}

export function rulesOf(database: string, prefix: string, options: { againAfter: string | null }): unknown {
  const rules = FAMILIES.map(({ name, table, column, rule }) => ({
    name,
    table: `${database}.${table}`,
    keys: [`${prefix}${name}:{${column}}`],
    ...rule(options),
  }));
  const marker = { name: 'marker', table: `${database}.markers`, keys: [`${prefix}mark:{id}`], action: 'delete' };
  return { rules: [...rules, marker] };
}
