/**
 * The tables of a run. Every row has an id and a counter `n` that only ever grows, so of two values of a key it is known
 * which is older; the rest differs so that keys of every kind can be made of it.
 */
export interface TableSpec {
  readonly name: string;
  readonly columns: string;
  /** Values of the columns besides id and n, for an insert. */
  readonly more: readonly string[];
}

/** Few, so that writers, readers and faults meet. */
export const ROWS = 120;
export const CATEGORIES = 8;
export const CUSTOMERS = 10;
/** Ids of rows that change all the time. */
export const HOT = [1, 2, 3, 4, 5] as const;

export const TABLES = {
  items: {
    name: 'items',
    columns: 'category INT NOT NULL, code VARCHAR(20) NOT NULL, KEY (category), KEY (code)',
    more: ['category', 'code'],
  },
  cards: { name: 'cards', columns: 'label VARCHAR(40) NOT NULL', more: ['label'] },
  stats: { name: 'stats', columns: 'label VARCHAR(40) NOT NULL', more: ['label'] },
  orders: { name: 'orders', columns: 'customer INT NOT NULL, KEY (customer)', more: ['customer'] },
  profiles: { name: 'profiles', columns: 'label VARCHAR(40) NOT NULL', more: ['label'] },
  accounts: { name: 'accounts', columns: 'label VARCHAR(40) NOT NULL', more: ['label'] },
} as const satisfies Record<string, TableSpec>;

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

export function createStatements(database: string): string[] {
  return [
    `CREATE DATABASE ${database}`,
    ...Object.values(TABLES).map(
      ({ name, columns }) => `CREATE TABLE ${database}.${name} (id INT PRIMARY KEY, n BIGINT NOT NULL, ${columns})`,
    ),
    `CREATE TABLE ${database}.markers (id BIGINT PRIMARY KEY)`,
  ];
}
