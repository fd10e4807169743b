import type { RowPayload } from '../../model/invalidation.ts';
import type { Column, JsonValue, Row, Table } from '../../model/row-change.ts';
import { columnOf, jsonOf } from './column-reader.ts';
import { isImageLarger, MAX_REFRESH_BYTES } from './image-size.ts';
import type { RuleAction } from '../rule-set.ts';

/** A deleted row has nothing to store; a query's parameters are all that a gone row's payload may carry. */
const GONE: RowPayload = { state: 'gone', columns: {} };

/** What of a row travels in the record of a refresh. */
export class RowPayloads {
  readonly #columns: readonly { readonly name: string; readonly column: Column }[];
  readonly #carried: readonly Column[];
  readonly #isQuery: boolean;

  constructor({ plan, columns }: Extract<RuleAction, { kind: 'refresh' }>, table: Table, rule: string) {
    const carried = columns ?? table.columns.map(({ name }) => name);
    this.#columns = carried.map((name) => ({ name, column: columnOf(table, name, rule) }));
    this.#carried = this.#columns.map(({ column }) => column);
    this.#isQuery = plan.from.kind === 'query';
  }

  /** Null: the row is too large to travel. */
  present(after: Row): RowPayload | null {
    if (isImageLarger(after, this.#carried, MAX_REFRESH_BYTES)) return null;
    return { state: 'present', columns: this.#read(after) };
  }

  /** What a gone key holds now, only the query can tell, by the parameters the old row had. */
  gone(before: Row): RowPayload | null {
    if (this.#isQuery && isImageLarger(before, this.#carried, MAX_REFRESH_BYTES)) return null;
    return this.#isQuery ? { state: 'gone', columns: this.#read(before) } : GONE;
  }

  #read(row: Row): Record<string, JsonValue> {
    const columns: Record<string, JsonValue> = {};
    for (const { name, column } of this.#columns) columns[name] = jsonOf(row, column);
    return columns;
  }
}
