import type { Row, RowChange, Table } from '../../model/row-change.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';
import { parseColumnType } from './column-types.ts';
import type { Masker } from './mask.ts';

export interface RecordedTable {
  readonly columns: Readonly<Record<string, string>>;
  readonly primary_key?: readonly string[];
}

export type RecordedRow = Readonly<Record<string, string | number | null>>;

/**
 * What of a table stands in recorded tests: its primary key and the columns that a rule reads. Nothing else could change what the
 * rules do, and what is not written down cannot leak.
 */
export class RecordedTables {
  readonly #ruleSet: RuleSet;
  readonly #masker: Masker | null;
  readonly #columns = new Map<string, readonly string[]>();
  readonly #tables = new Map<string, RecordedTable>();

  constructor(ruleSet: RuleSet, masker: Masker | null) {
    this.#ruleSet = ruleSet;
    this.#masker = masker;
  }

  /** By `database.table`, for the file. */
  get all(): Readonly<Record<string, RecordedTable>> {
    return Object.fromEntries(this.#tables);
  }

  rulesAbout(database: string, table: string): readonly CompiledRule[] {
    return this.#ruleSet.rules.filter(({ tables }) => tables.some((pattern) => pattern.matches(database, table)));
  }

  /** The change as a test writes it. Null: it was recorded before with other columns, so this file cannot hold it. */
  write(change: RowChange): Readonly<Record<string, unknown>> | null {
    const { table, before, after } = change;
    const name = `${table.database}.${table.name}`;
    if (!this.#declare(name, table)) return null;
    const row = (image: Row): RecordedRow => this.#row(name, table, image);
    if (before !== null && after !== null) {
      const old = row(before);
      const changed = Object.entries(row(after)).filter(([column, value]) => old[column] !== value);
      return { table: name, update: { before: old, after: Object.fromEntries(changed) } };
    }
    return after === null ? { table: name, delete: row(before ?? {}) } : { table: name, insert: row(after) };
  }

  /** The type of a column, in words, of the first recorded table that a rule is about. */
  typeOf(rule: CompiledRule, column: string): string | undefined {
    for (const [name, { columns }] of this.#tables) {
      const dot = name.indexOf('.');
      if (!rule.tables.some((pattern) => pattern.matches(name.slice(0, dot), name.slice(dot + 1)))) continue;
      const found = Object.entries(columns).find(([each]) => each.toLowerCase() === column.toLowerCase());
      if (found !== undefined) return found[1];
    }
    return undefined;
  }

  /** False when the table was different earlier in the same history (ALTER). */
  #declare(name: string, table: Table): boolean {
    const names = this.#neededColumns(table);
    const columns = Object.fromEntries(
      table.columns
        .filter((column) => names.has(column.name.toLowerCase()))
        .map((column) => [column.name, writableType(column.type)]),
    );
    const known = this.#tables.get(name);
    if (known !== undefined) return JSON.stringify(known.columns) === JSON.stringify(columns);
    const primaryKey = table.primaryKey.length === 0 ? {} : { primary_key: table.primaryKey };
    this.#tables.set(name, { columns, ...primaryKey });
    this.#columns.set(name, Object.keys(columns));
    return true;
  }

  #neededColumns({ database, name, columns, primaryKey }: Table): ReadonlySet<string> {
    const rules = this.rulesAbout(database, name);
    const wholeRow = rules.some(({ actions }) =>
      Object.values(actions).some(
        (action) => action.kind === 'refresh' && action.columns === null && action.plan.from.kind === 'row',
      ),
    );
    if (wholeRow) return new Set(columns.map((column) => column.name.toLowerCase()));
    const about = new Set(rules.map((rule) => rule.name));
    const mentioned = this.#ruleSet.mentions
      .filter(({ rule }) => about.has(rule))
      .flatMap((mentions) => mentions.columns.map((column) => column.name));
    return new Set([...primaryKey, ...mentioned].map((each) => each.toLowerCase()));
  }

  #row(name: string, table: Table, image: Row): RecordedRow {
    const entries = (this.#columns.get(name) ?? []).map((columnName): [string, string | number | null] => {
      const column = table.columnsByName.get(columnName);
      const value = image[columnName];
      if (column === undefined || value === null || value === undefined) return [columnName, null];
      const text = column.text(value);
      return [columnName, writtenValue(this.#masker?.mask(columnName, column.type, text) ?? text, column.type)];
    });
    return Object.fromEntries(entries);
  }
}

/** As a number where that is exact. */
export function writtenValue(text: string, type: string): string | number {
  const isInteger = /^(tinyint|smallint|mediumint|int|bigint|year)\b/.test(type) && String(Number(text)) === text;
  return isInteger && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** Types that only a server knows are written as text: their canonical text is what counts. */
function writableType(type: string): string {
  return 'ok' in parseColumnType(type) ? type : 'varchar';
}
