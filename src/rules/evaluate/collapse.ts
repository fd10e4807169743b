import type { Invalidation } from '../../model/invalidation.ts';
import type { RowChange, Transaction } from '../../model/row-change.ts';
import { flushesOf, patternsOf } from './rule-flush.ts';
import type { OriginContext } from '../../model/row-origin.ts';
import { originOf } from './origin-of.ts';
import type { CompiledRule } from '../rule-set.ts';
import type { TableFacts } from '../template/template-facts.ts';

/** How many rows of the transaction at hand a rule has counted. */
export class RowCount {
  readonly #limit: number;
  #transaction: Transaction | null = null;
  #rows = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one more row; true when it is one too many. */
  isAbove(transaction: Transaction): boolean {
    if (transaction !== this.#transaction) {
      this.#transaction = transaction;
      this.#rows = 0;
    }
    return ++this.#rows > this.#limit;
  }
}

/** Where a rule meets a table; the same object from row to row. */
export interface RuleOnTable {
  readonly rule: CompiledRule;
  readonly facts: TableFacts;
}

interface Collapsed {
  readonly places: Set<RuleOnTable>;
  last: RowChange;
}

/**
 * The rows of one transaction that are answered by a flush instead of keys of their own: those that come after a rule has
 * counted `flush_above_rows` of them. The flush follows when the transaction has ended, so it is newer than all of its rows.
 *
 * A transaction may come in several batches. One that breaks off (the connection was lost) comes again as another
 * transaction object: then what it had collapsed is flushed at once, which is early and harmless, and it is counted anew.
 */
export class Collapse {
  readonly #rules = new Map<CompiledRule, Collapsed>();
  #transaction: Transaction | null = null;

  add(place: RuleOnTable, change: RowChange): void {
    this.#transaction = change.transaction;
    const known = this.#rules.get(place.rule);
    if (known === undefined) this.#rules.set(place.rule, { places: new Set([place]), last: change });
    else {
      known.places.add(place);
      known.last = change;
    }
  }

  /** True when rows of another transaction wait for their flush. */
  isOver(transaction: Transaction): boolean {
    return this.#transaction !== null && this.#transaction !== transaction;
  }

  /** Whatever was collapsed is flushed otherwise. */
  drop(): void {
    this.#rules.clear();
    this.#transaction = null;
  }

  /** The flushes of the transaction that has ended; none if nothing was collapsed. */
  end(context: OriginContext): Invalidation[] {
    if (this.#transaction === null) return [];
    const flushes = [...this.#rules].flatMap(([rule, { places, last }]) => {
      const { database, name: table } = last.table;
      const origin = originOf(last, { database, table }, null, context);
      const cause = { reason: 'large_transaction', version: last.version, origin } as const;
      return flushesOf(rule, patternsIn(places), cause);
    });
    this.#rules.clear();
    this.#transaction = null;
    return flushes;
  }
}

function patternsIn(places: ReadonlySet<RuleOnTable>): string[] {
  return [...places].flatMap(({ rule, facts }) => patternsOf(rule, facts));
}
