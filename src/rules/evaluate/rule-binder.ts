import { NO_EPOCHS, type Epochs } from '../../model/position.ts';
import type { Table } from '../../model/row-change.ts';
import type { BrokenTables } from './broken-rules.ts';
import { epochId } from './epoch-id.ts';
import type { RuleMemory } from './rule-memory.ts';
import { bindTable, type MatchingRule, type TableRules } from './table-rules.ts';

/** Databases with endless short-lived tables exist; what is remembered about names and tables is forgotten beyond this many. */
const MAX_REMEMBERED_NAMES = 10_000;
const MAX_REMEMBERED_TABLES = 10_000;

export interface RuleBinderOptions {
  readonly memories: readonly RuleMemory[];
  readonly brokenTables: BrokenTables;
  readonly onNullKey: (rule: string) => void;
  readonly onLargeRow: (rule: string) => void;
}

/** Binds rules to tables, once per Table object (which stays the same while the table's definition does) and epoch. */
export class RuleBinder {
  readonly #options: RuleBinderOptions;
  readonly #byName = new Map<string, readonly MatchingRule[]>();
  /** Not a WeakMap: the garbage collector looks at every entry of one again and again, which cost more than the rules did. */
  readonly #byTable = new Map<Table, TableRules | null>();
  #epochs: Epochs = NO_EPOCHS;

  constructor(options: RuleBinderOptions) {
    this.#options = options;
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  /** Bound rules hold their table's epoch as text. Raises are rare: binding anew is simpler than knowing what to keep. */
  use(epochs: Epochs): void {
    if (epochs === this.#epochs) return;
    this.#epochs = epochs;
    this.#byTable.clear();
  }

  /** Null: no rule cares for this table. */
  rulesOf(table: Table): TableRules | null {
    const known = this.#byTable.get(table);
    if (known !== undefined) return known;
    const { database, name } = table;
    const { memories, ...options } = this.#options;
    const matching = this.#matching(database, name);
    const lookedInto = memories.flatMap(({ rule, answers }) =>
      answers !== null && rule.lookup?.tables.some((pattern) => pattern.matches(database, name)) ? [answers] : [],
    );
    const epoch = this.#epochs.get(epochId({ database, table: name })) ?? null;
    const none = matching.length === 0 && lookedInto.length === 0;
    const rules = none ? null : bindTable({ table, matching, lookedInto, epoch, ...options });
    if (this.#byTable.size >= MAX_REMEMBERED_TABLES) this.#byTable.clear();
    this.#byTable.set(table, rules);
    return rules;
  }

  #matching(database: string, table: string): readonly MatchingRule[] {
    // A NUL can stand in no MySQL name, so no two tables share an entry.
    const name = `${database}\u0000${table}`;
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const matching = this.#options.memories.flatMap((memory) => {
      for (const pattern of memory.rule.tables) {
        const captures = pattern.captures(database, table);
        if (captures !== null) return [{ memory, captures }];
      }
      return [];
    });
    if (this.#byName.size >= MAX_REMEMBERED_NAMES) this.#byName.clear();
    this.#byName.set(name, matching);
    return matching;
  }
}
