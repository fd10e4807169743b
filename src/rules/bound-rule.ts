import type { Invalidation, RowPayload } from '../model/invalidation.ts';
import type { Column, JsonValue, Row, RowChange, Table } from '../model/row-change.ts';
import { columnOf, jsonOf, sameValue } from './column-reader.ts';
import { KeyBuilder } from './key-builder.ts';
import type { RowOrigin } from './row-origin.ts';
import type { CompiledRule } from './rule-set.ts';

export interface BoundRuleOptions {
  readonly rule: CompiledRule;
  readonly table: Table;
  /** Called for each key that was not built because of a NULL. */
  readonly onNullKey: (rule: string) => void;
}

/** A deleted row has nothing to store; a query's parameters are all that a gone row's payload may carry. */
const GONE: RowPayload = { state: 'gone', columns: {} };

/** One rule bound to one table: every column is found, nothing is left but to read values. */
export class BoundRule {
  readonly #rule: CompiledRule;
  readonly #builders: readonly KeyBuilder[];
  readonly #partition: KeyBuilder | null;
  /** What an update must touch to count; null: every update counts. */
  readonly #watched: readonly Column[] | null;
  /** Of a refresh: what travels in the record, by the name the rule uses. */
  readonly #payload: readonly { readonly name: string; readonly column: Column }[];
  readonly #onNullKey: (rule: string) => void;
  /** Keys of the after image and the template each came from; reused from row to row. */
  readonly #after: string[] = [];
  readonly #afterTemplate: number[] = [];

  constructor({ rule, table, onNullKey }: BoundRuleOptions) {
    const column = (name: string): Column => columnOf(table, name, rule.name);
    const builder = { table, rule: rule.name };
    this.#rule = rule;
    this.#onNullKey = onNullKey;
    this.#builders = rule.keys.map((template) => new KeyBuilder({ ...builder, template, nullText: rule.nullText }));
    // NULL must not cost the invalidation here: any text that is always the same keeps the order.
    this.#partition =
      rule.partitionKey === null
        ? null
        : new KeyBuilder({ ...builder, template: rule.partitionKey, nullText: rule.nullText ?? 'NULL' });
    // A changed key always counts, named in `columns` or not: the old key would stay alive otherwise.
    this.#watched =
      rule.columns === null
        ? null
        : [...new Set([...rule.columns.map(column), ...this.#builders.flatMap(({ columns }) => columns)])];
    const carried = rule.action.kind === 'delete' ? [] : (rule.action.columns ?? table.columns.map(({ name }) => name));
    this.#payload = carried.map((name) => ({ name, column: column(name) }));
  }

  /** An insert or delete always counts; an update by what it changed. */
  counts({ before, after }: RowChange): boolean {
    if (this.#watched === null || before === null || after === null) return true;
    for (const column of this.#watched) if (!sameValue(column, before, after)) return true;
    return false;
  }

  /** Adds an invalidation for every key of the before and of the after image; those only the before image has come first. */
  emit(change: RowChange, origin: RowOrigin, out: Invalidation[]): void {
    const { before, after } = change;
    this.#after.length = 0;
    this.#afterTemplate.length = 0;
    if (after !== null) this.#collectAfter(after);
    if (before !== null) this.#emitGone(change, before, origin, out);
    if (after === null || this.#after.length === 0) return;
    const row = this.#isRefresh ? this.#present(after) : GONE;
    const partition = this.#partition === null ? null : this.#partition.build(after);
    for (let i = 0; i < this.#after.length; i++) {
      const template = this.#afterTemplate[i] ?? 0;
      out.push(this.#invalidation(change, template, this.#after[i] ?? '', partition, row, origin));
    }
  }

  #collectAfter(after: Row): void {
    // Plain loops: an iterator per rule and row would be most of the cost.
    let template = 0;
    for (const builder of this.#builders) {
      const key = builder.build(after);
      if (key === null) this.#onNullKey(this.#rule.name);
      else if (!this.#after.includes(key)) {
        this.#after.push(key);
        this.#afterTemplate.push(template);
      }
      template++;
    }
  }

  /** A key that both images have, even through different templates, is not gone. */
  #emitGone(change: RowChange, before: Row, origin: RowOrigin, out: Invalidation[]): void {
    const first = out.length;
    let template = -1;
    for (const builder of this.#builders) {
      template++;
      if (change.after !== null && builder.unchanged(before, change.after)) continue;
      const key = builder.build(before);
      if (key === null) this.#onNullKey(this.#rule.name);
      else if (!this.#after.includes(key) && !hasKey(out, first, key)) {
        const partition = this.#partition === null ? null : this.#partition.build(before);
        out.push(this.#invalidation(change, template, key, partition, this.#goneRow(before), origin));
      }
    }
  }

  #invalidation(
    change: RowChange,
    template: number,
    key: string,
    partition: string | null,
    row: RowPayload,
    origin: RowOrigin,
  ): Invalidation {
    const { name: rule, action } = this.#rule;
    const { version } = change;
    const partitionKey = partition ?? key;
    if (action.kind === 'refresh') return { action: 'refresh', key, partitionKey, version, rule, origin, row };
    // Unknown counts as versioned: the safe side.
    const versioned = action.versioned[template] ?? true;
    return { action: 'delete', key, partitionKey, version, rule, origin, versioned };
  }

  get #isRefresh(): boolean {
    return this.#rule.action.kind === 'refresh';
  }

  #present(after: Row): RowPayload {
    return { state: 'present', columns: this.#columns(after) };
  }

  /** What a gone key holds now, only the query can tell, by the parameters the old row had. */
  #goneRow(before: Row): RowPayload {
    const { action } = this.#rule;
    if (action.kind === 'delete' || action.plan.from.kind === 'row') return GONE;
    return { state: 'gone', columns: this.#columns(before) };
  }

  #columns(row: Row): Record<string, JsonValue> {
    const columns: Record<string, JsonValue> = {};
    for (const { name, column } of this.#payload) columns[name] = jsonOf(row, column);
    return columns;
  }
}

function hasKey(out: readonly Invalidation[], from: number, key: string): boolean {
  for (let i = from; i < out.length; i++) if (out[i]?.key === key) return true;
  return false;
}
