import type { Invalidation } from '../model/invalidation.ts';
import type { Operation, RowChange, Table } from '../model/row-change.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { BoundRule } from './bound-rule.ts';
import { RowOrigin } from './row-origin.ts';
import type { CompiledRule, RuleSet } from './rule-set.ts';

/** The rules that one table's rows must pass, by operation; null: no rule is about this table. */
type TableRules = Readonly<Record<Operation, readonly BoundRule[]>> | null;

/** Databases with endless short-lived tables exist; what is remembered about names is forgotten beyond this many. */
const MAX_REMEMBERED_NAMES = 10_000;

export interface RuleEvaluatorOptions {
  readonly ruleSet: RuleSet;
  readonly metrics: Pick<Metrics, 'count'>;
}

/**
 * Row changes → invalidations. Rules are bound to a table once (columns found, templates joined to them); the bound
 * rules are kept per Table object, which stays the same while the table's definition does.
 */
export class RuleEvaluator {
  readonly #rules: readonly CompiledRule[];
  readonly #metrics: Pick<Metrics, 'count'>;
  readonly #byTable = new WeakMap<Table, { readonly rules: TableRules }>();
  readonly #byName = new Map<string, readonly CompiledRule[]>();
  readonly #nullKeys = new Map<string, number>();
  readonly #onNullKey = (rule: string): void => {
    this.#nullKeys.set(rule, (this.#nullKeys.get(rule) ?? 0) + 1);
  };

  constructor({ ruleSet, metrics }: RuleEvaluatorOptions) {
    this.#rules = ruleSet.rules;
    this.#metrics = metrics;
    for (const { name, nullText } of ruleSet.rules) {
      // A series that is there from the start makes the first NULL visible as an increase.
      if (nullText === null) metrics.count('sluice_null_keys_total', { rule: name }, 0);
    }
  }

  /**
   * In the order of the changes, then of the rules, then the keys only the before image has before the others.
   * Throws RULE_COLUMN_MISSING when a matching table lacks a column its rule needs: nothing is skipped silently.
   */
  evaluate(changes: readonly RowChange[], captureTimeMs: number): Invalidation[] {
    const out: Invalidation[] = [];
    let table: Table | null = null;
    let rules: TableRules = null;
    for (const change of changes) {
      if (change.table !== table) {
        table = change.table;
        rules = this.#rulesOf(table);
      }
      if (rules === null) continue;
      let origin: RowOrigin | null = null;
      for (const rule of rules[change.operation]) {
        if (!rule.counts(change)) continue;
        origin ??= new RowOrigin(change, captureTimeMs);
        rule.emit(change, origin, out);
      }
    }
    if (this.#nullKeys.size > 0) this.#countNullKeys();
    return out;
  }

  #rulesOf(table: Table): TableRules {
    const known = this.#byTable.get(table);
    if (known !== undefined) return known.rules;
    const matching = this.#matching(table.database, table.name);
    const rules = matching.length === 0 ? null : this.#bind(matching, table);
    this.#byTable.set(table, { rules });
    return rules;
  }

  #bind(matching: readonly CompiledRule[], table: Table): TableRules {
    const bound = matching.map((rule) => ({ rule, to: new BoundRule({ rule, table, onNullKey: this.#onNullKey }) }));
    const of = (operation: Operation): BoundRule[] =>
      bound.filter(({ rule }) => rule.operations.includes(operation)).map(({ to }) => to);
    return { insert: of('insert'), update: of('update'), delete: of('delete') };
  }

  #matching(database: string, table: string): readonly CompiledRule[] {
    // A NUL can stand in no MySQL name, so no two tables share an entry.
    const name = `${database}\u0000${table}`;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const matching = this.#rules.filter(({ tables }) => tables.some((pattern) => pattern.matches(database, table)));
    if (this.#byName.size >= MAX_REMEMBERED_NAMES) this.#byName.clear();
    this.#byName.set(name, matching);
    return matching;
  }

  #countNullKeys(): void {
    for (const [rule, count] of this.#nullKeys) this.#metrics.count('sluice_null_keys_total', { rule }, count);
    this.#nullKeys.clear();
  }
}
