import type { Invalidation, RowPayload } from '../../model/invalidation.ts';
import type { Column, Operation, RowChange, Table } from '../../model/row-change.ts';
import { RowDelete, RowRefresh } from '../../model/row-invalidations.ts';
import { columnOf, sameValue } from './column-reader.ts';
import type { RuleOnTable } from './collapse.ts';
import { FanOut, NO_ANSWERS, type RowAnswers } from './fan-out.ts';
import { KeyBuilder } from '../template/key-builder.ts';
import { templateLookups } from '../template/template-uses.ts';
import { LookupParameters } from '../lookup/lookup-question.ts';
import { RowPayloads } from './row-payloads.ts';
import type { RowOrigin } from '../../model/row-origin.ts';
import type { RuleMemory } from './rule-memory.ts';
import type { CompiledRule, RuleAction } from '../rule-set.ts';
import type { TableFacts } from '../template/template-facts.ts';

export interface BoundRuleOptions {
  readonly memory: RuleMemory;
  /** The one operation it is bound for, with the action the rule takes then. */
  readonly operation: Operation;
  readonly action: RuleAction;
  readonly table: Table;
  readonly facts: TableFacts;
  /** Called for each key that was not built because of a NULL. */
  readonly onNullKey: (rule: string) => void;
  /** Called for each refresh that became a delete because its row is too large. */
  readonly onLargeRow: (rule: string) => void;
}

/** One rule bound to one table and operation: every column is found, nothing is left but to read values. */
export class BoundRule implements RuleOnTable {
  readonly rule: CompiledRule;
  readonly facts: TableFacts;
  readonly memory: RuleMemory;
  readonly #againAfterMs: number | null;
  /** Null: the rule looks nothing up. */
  readonly parameters: LookupParameters | null;
  readonly #builders: readonly KeyBuilder[];
  readonly #partition: KeyBuilder | null;
  readonly #payloads: RowPayloads | null;
  /** What an update must touch to count; null: every update counts. */
  readonly #watched: readonly Column[] | null;
  /** Null: each template gives one key, and the row alone decides it. */
  readonly #fanOut: FanOut | null;
  readonly #onNullKey: (rule: string) => void;
  readonly #onLargeRow: (rule: string) => void;
  /** Keys of the after image and the template each came from; reused from row to row. */
  readonly #after: string[] = [];
  readonly #afterTemplate: number[] = [];

  constructor({ memory, action, table, facts, onNullKey, onLargeRow }: BoundRuleOptions) {
    const { rule } = memory;
    const builder = { table, rule: rule.name, captures: facts.captures, epoch: facts.epoch ?? 0 };
    this.rule = rule;
    this.facts = facts;
    this.memory = memory;
    this.#onNullKey = onNullKey;
    this.#onLargeRow = onLargeRow;
    this.#builders = rule.keys.map((template) => new KeyBuilder({ ...builder, template, nullText: rule.nullText }));
    // NULL must not cost the invalidation here: any text that is always the same keeps the order.
    this.#partition =
      rule.partitionKey === null
        ? null
        : new KeyBuilder({ ...builder, template: rule.partitionKey, nullText: rule.nullText ?? 'NULL' });
    this.#againAfterMs = action.kind === 'delete' ? action.againAfterMs : null;
    this.#payloads = action.kind === 'delete' ? null : new RowPayloads(action, table, rule.name);
    this.parameters = rule.lookup === null ? null : new LookupParameters(rule.lookup.parameters, table, rule);
    this.#watched = rule.columns === null ? null : this.#watchedColumns(rule.columns, table);
    const isPlain = this.parameters === null && this.#builders.every(({ isList }) => !isList);
    this.#fanOut =
      isPlain && this.#builders.length <= rule.maxKeys
        ? null
        : new FanOut({ rule, builders: this.#builders, looksUp: rule.keys.map(looksUp), onNullKey });
  }

  /** An insert or delete counts unless `when` says no; an update also by what it changed. Throws RULE_CONDITION_FAILED. */
  counts(change: RowChange): boolean {
    // The columns first: comparing them costs less than the condition.
    if (this.#watched !== null && !this.#touches(change)) return false;
    const { when } = this.rule;
    return when === null || when.matches(change);
  }

  /** Adds an invalidation for every key of the before and of the after image; those only the before image has come first. */
  emit(change: RowChange, origin: RowOrigin, out: Invalidation[]): void {
    if (this.#fanOut !== null) this.emitAnswered(change, origin, NO_ANSWERS, out);
    else if (this.#builders.length === 1) this.#emitOne(change, origin, out);
    else this.#emitPlain(change, origin, out);
  }

  /** The same, with what the lookup found. */
  emitAnswered(change: RowChange, origin: RowOrigin, answers: RowAnswers, out: Invalidation[]): void {
    if (this.#fanOut === null) return this.emit(change, origin, out);
    const { before, after } = change;
    const { gone, present } = this.#fanOut.keysOf(change, answers);
    if (before !== null && gone.size > 0) {
      const row = this.#payloads?.gone(before) ?? null;
      for (const [key, { template, lookup }] of gone) {
        const partition = this.#partition === null ? key : (this.#partition.build(before, lookup) ?? key);
        out.push(this.#invalidation(change, template, key, partition, row, origin));
      }
    }
    if (after === null || present.size === 0) return;
    const row = this.#payloads?.present(after) ?? null;
    for (const [key, { template, lookup }] of present) {
      const partition = this.#partition === null ? key : (this.#partition.build(after, lookup) ?? key);
      out.push(this.#invalidation(change, template, key, partition, row, origin));
    }
  }

  /** What most rules are: one template, one key. No list is needed to tell keys apart. */
  #emitOne(change: RowChange, origin: RowOrigin, out: Invalidation[]): void {
    const builder = this.#builders[0];
    if (builder === undefined) return;
    const { before, after } = change;
    const key = after === null ? null : builder.build(after, null);
    if (before !== null && (after === null || !builder.unchanged(before, after))) {
      const old = builder.build(before, null);
      if (old === null) this.#onNullKey(this.rule.name);
      else if (old !== key) {
        const partition = this.#partition === null ? old : (this.#partition.build(before, null) ?? old);
        out.push(this.#invalidation(change, 0, old, partition, this.#payloads?.gone(before) ?? null, origin));
      }
    }
    if (after === null) return;
    if (key === null) return this.#onNullKey(this.rule.name);
    const partition = this.#partition === null ? key : (this.#partition.build(after, null) ?? key);
    out.push(this.#invalidation(change, 0, key, partition, this.#payloads?.present(after) ?? null, origin));
  }

  #emitPlain(change: RowChange, origin: RowOrigin, out: Invalidation[]): void {
    const { before, after } = change;
    this.#after.length = 0;
    this.#afterTemplate.length = 0;
    if (after !== null) this.#collectAfter(change);
    if (before !== null) this.#emitGone(change, origin, out);
    if (after === null || this.#after.length === 0) return;
    const row = this.#payloads?.present(after) ?? null;
    const partition = this.#partition === null ? null : this.#partition.build(after, null);
    for (let i = 0; i < this.#after.length; i++) {
      const key = this.#after[i] ?? '';
      out.push(this.#invalidation(change, this.#afterTemplate[i] ?? 0, key, partition ?? key, row, origin));
    }
  }

  #collectAfter({ after }: RowChange): void {
    if (after === null) return;
    // Plain loops: an iterator per rule and row would be most of the cost.
    for (let template = 0; template < this.#builders.length; template++) {
      const key = this.#builders[template]?.build(after, null) ?? null;
      if (key === null) this.#onNullKey(this.rule.name);
      else if (!this.#after.includes(key)) {
        this.#after.push(key);
        this.#afterTemplate.push(template);
      }
    }
  }

  /** A key that both images have, even through different templates, is not gone. */
  #emitGone(change: RowChange, origin: RowOrigin, out: Invalidation[]): void {
    const { before, after } = change;
    if (before === null) return;
    const first = out.length;
    let row: RowPayload | null = null;
    for (let template = 0; template < this.#builders.length; template++) {
      const builder = this.#builders[template];
      if (builder === undefined || (after !== null && builder.unchanged(before, after))) continue;
      const key = builder.build(before, null);
      if (key === null) this.#onNullKey(this.rule.name);
      else if (!this.#after.includes(key) && !hasKey(out, first, key)) {
        const partition = this.#partition === null ? key : (this.#partition.build(before, null) ?? key);
        row ??= this.#payloads?.gone(before) ?? null;
        out.push(this.#invalidation(change, template, key, partition, row, origin));
      }
    }
  }

  /** `row` is null for a delete, and for a refresh whose row is too large: then the key goes, and whoever reads it next fills it. */
  #invalidation(
    { version }: RowChange,
    template: number,
    key: string,
    partitionKey: string,
    row: RowPayload | null,
    origin: RowOrigin,
  ): Invalidation {
    const { name: rule, versioned: marks } = this.rule;
    if (row !== null) return new RowRefresh(key, partitionKey, version, rule, origin, row);
    if (this.#payloads !== null) this.#onLargeRow(rule);
    // Unknown counts as versioned: the safe side.
    const versioned = marks[template] ?? true;
    return new RowDelete(key, partitionKey, version, rule, origin, versioned, this.#againAfterMs);
  }

  #touches({ before, after }: RowChange): boolean {
    if (this.#watched === null || before === null || after === null) return true;
    for (const column of this.#watched) if (!sameValue(column, before, after)) return true;
    return false;
  }

  /** A changed key always counts, named in `columns` or not: the old key would stay alive otherwise. */
  #watchedColumns(names: readonly string[], table: Table): Column[] {
    return [
      ...new Set([
        ...names.map((name) => columnOf(table, name, this.rule.name)),
        ...this.#builders.flatMap(({ columns }) => columns),
        ...(this.parameters?.columns ?? []),
      ]),
    ];
  }
}

function looksUp(template: CompiledRule['keys'][number]): boolean {
  return templateLookups(template).length > 0;
}

function hasKey(out: readonly Invalidation[], from: number, key: string): boolean {
  for (let i = from; i < out.length; i++) if (out[i]?.key === key) return true;
  return false;
}
