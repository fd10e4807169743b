/** Edge values of a column type, as SQL literals. */
export interface TypeCase {
  readonly type: string;
  readonly values: readonly string[];
  /** What the canonical text equals on the server; `CAST(c AS CHAR)` unless docs/types.md says something else. */
  readonly equals?: string;
  /** The canonical texts themselves, where the server has no function that prints them. */
  readonly texts?: readonly string[];
  /** `mariadb` is every MariaDB. */
  readonly on?: 'mysql' | 'mariadb' | 'mariadb-11.8';
  /** Named in the INSERT, where a column must be. */
  readonly columns?: readonly string[];
  /** More of the table: keys and columns beside `id` and `c`. */
  readonly more?: string;
  /** Behind the parentheses of the table. */
  readonly options?: string;
}

/** `LOWER(HEX(c))`: types whose canonical text is their bytes. */
export const HEX = 'LOWER(HEX(c))';
