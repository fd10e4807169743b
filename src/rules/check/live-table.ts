import { LONGEST } from '../template/key-length.ts';

/** A table as it stands in the database now. */
export interface LiveTable {
  readonly database: string;
  readonly name: string;
  /** In table order. */
  readonly columns: readonly LiveColumn[];
  /** Names of the primary key's columns; empty if the table has none. */
  readonly primaryKey: readonly string[];
  /** MariaDB: it keeps the rows that were. */
  readonly isSystemVersioned: boolean;
}

export interface LiveColumn {
  readonly name: string;
  /** In lower case and without lengths: `varchar`, `int`. */
  readonly dataType: string;
  /** With them: `varchar(20)`, `decimal(10,0)`, `int unsigned`. */
  readonly columnType: string;
  readonly nullable: boolean;
  /** Null: it is no text. */
  readonly collation: string | null;
}

/** What a filter makes of a column depends on no more than this. */
export type ColumnKind =
  'integer' | 'number' | 'date' | 'time' | 'text' | 'member' | 'members' | 'json' | 'binary' | 'other';

const KINDS: ReadonlyMap<string, ColumnKind> = new Map<string, ColumnKind>([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint', 'bit', 'year'].map(
    (t) => [t, 'integer'] as const,
  ),
  ...['float', 'double', 'decimal', 'numeric'].map((type) => [type, 'number'] as const),
  ...['date', 'datetime', 'timestamp'].map((type) => [type, 'date'] as const),
  ...['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'].map((type) => [type, 'text'] as const),
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'].map((type) => [type, 'binary'] as const),
  ['time', 'time'],
  ['enum', 'member'],
  ['set', 'members'],
  ['json', 'json'],
]);

export function kindOf({ dataType, columnType }: LiveColumn): ColumnKind {
  const kind = KINDS.get(dataType) ?? 'other';
  // A DECIMAL without decimals has the digits of a whole number.
  return kind === 'number' && /^(decimal|numeric)\(\d+(,0)?\)/.test(columnType) ? 'integer' : kind;
}

const LONG: ReadonlySet<string> = new Set(['text', 'mediumtext', 'longtext', 'blob', 'mediumblob', 'longblob', 'json']);

/** Whether a value may be longer than any key should be. */
export function isLong(column: LiveColumn): boolean {
  const length = /^var(?:char|binary)\((\d+)\)/.exec(column.columnType)?.[1];
  return LONG.has(column.dataType) || kindOf(column) === 'other' || Number(length ?? 0) > LONGEST;
}

/** Whether the server takes `a` and `A` for the same. A member of an ENUM or SET is always written as it was declared. */
export function ignoresCase(column: LiveColumn): boolean {
  return kindOf(column) === 'text' && /_ci$/.test(column.collation ?? '');
}

export function columnNamed({ columns }: LiveTable, name: string): LiveColumn | undefined {
  // Column names have no case in MySQL.
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

export const fullName = ({ database, name }: Pick<LiveTable, 'database' | 'name'>): string => `${database}.${name}`;
