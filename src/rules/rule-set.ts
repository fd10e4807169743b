import type { RefreshPlan, RefreshPlans } from '../model/invalidation.ts';
import type { Operation, TableOperation } from '../model/row-change.ts';
import type { Problem } from '../runtime/errors.ts';
import type { Condition } from './condition/condition.ts';
import type { KeyTemplate } from './template/key-template.ts';
import type { TablePattern } from './table/table-pattern.ts';
import type { TemplateColumn } from './template/template-uses.ts';

/** One rule, ready to be bound to a table. */
export interface CompiledRule {
  readonly name: string;
  readonly tables: readonly TablePattern[];
  /** What is done on each operation; one that is not named does not count. */
  readonly actions: Readonly<Partial<Record<Operation, RuleAction>>>;
  /** Of its flushes, and of the keys that table changes delete (DeleteInvalidation.againAfterMs). */
  readonly againAfterMs: number | null;
  /** An update counts only if one of these (or of a key's columns) changed; null: every update counts. */
  readonly columns: readonly string[] | null;
  readonly keys: readonly KeyTemplate[];
  /** Stands for NULL in a key; null: such a key is skipped and counted. */
  readonly nullText: string | null;
  /** Null: the cache key is the partition key. */
  readonly partitionKey: KeyTemplate | null;
  /** `versioned[i]`: may a refresh own what `keys[i]` gives (DeleteInvalidation.versioned)? See RuleSet.refreshed. */
  readonly versioned: readonly boolean[];
  /** Null: every row counts. */
  readonly when: Condition | null;
  /** Null: keys come from the row alone. */
  readonly lookup: CompiledLookup | null;
  /** A row that would give more keys than this becomes a dead letter. */
  readonly maxKeys: number;
  /** From this many matching rows of one transaction on, all of them together are one flush. Null: never. */
  readonly flushAboveRows: number | null;
  readonly tableChanges: Readonly<Record<TableOperation, TableReaction>>;
}

/** What a table change does to the keys of a rule. */
export type TableReaction =
  | { readonly kind: 'flush' }
  | { readonly kind: 'epoch' }
  | { readonly kind: 'ignore' }
  /** Keys without columns. */
  | { readonly kind: 'delete'; readonly keys: readonly KeyTemplate[] };

/** A query whose answers are columns for the templates: `{lookup.name}`. */
export interface CompiledLookup {
  readonly sql: string;
  /** Columns of the changed row, in the order of the placeholders. */
  readonly parameters: readonly string[];
  /** A row change of one of these makes remembered answers forgotten. */
  readonly tables: readonly TablePattern[];
  /** Answers remembered at most; 0: none. */
  readonly maxCached: number;
  readonly timeoutMs: number;
}

export type RuleAction =
  | { readonly kind: 'delete'; readonly againAfterMs: number | null }
  /** `columns`: what of the row travels in the record, by the names the rule uses; null: every column. */
  | { readonly kind: 'refresh'; readonly plan: RefreshPlan; readonly columns: readonly string[] | null };

export interface RuleSet {
  /** In the order of the files, and in each of them from top to bottom. */
  readonly rules: readonly CompiledRule[];
  /** Keys that a refresh may write, of this set or of one that was in force before it. */
  readonly refreshed: readonly KeyTemplate[];
  /** How to apply a refresh. */
  readonly plans: RefreshPlans;
  /** 12 hexadecimal digits that change when the meaning of the rules does; comments, layout and file names do not count. */
  readonly hash: string;
  /** Per rule, what it expects of the database and where the file says so: for `check --live`. */
  readonly mentions: readonly RuleMentions[];
  /** What is allowed and most likely not meant; `check` prints it, the daemon logs it at its start. */
  readonly warnings: readonly Problem[];
}

/** A word of a rule file and where it stands. */
export interface Mention {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** As in Problem. */
  readonly excerpt?: string;
}

export interface RuleMentions {
  readonly rule: string;
  /** Where the rule's name stands. */
  readonly place: Mention;
  readonly tables: readonly (Mention & { readonly pattern: TablePattern })[];
  /** Columns of the changed row. `part` is the placeholder with its filters where a template names the column. */
  readonly columns: readonly (Mention & {
    readonly name: string;
    readonly use: ColumnUse;
    readonly part: TemplateColumn | null;
  })[];
  /** Where each of the rule's keys stands, in the order of CompiledRule.keys. */
  readonly keys: readonly (Mention & { readonly template: KeyTemplate })[];
  /** Where the (first) query of a refresh stands; null: the rule has none. */
  readonly query: Mention | null;
  /** Where the query of the lookup stands, and the tables it names; null: the rule has none. */
  readonly lookup: (Mention & { readonly tables: RuleMentions['tables'] }) | null;
}

/** `parameter`: of a refresh query or a lookup; `row`: carried by a refresh. */
export type ColumnUse = 'columns' | 'when' | 'key' | 'partition_key' | 'parameter' | 'row';
