import type { RefreshPlan } from '../model/invalidation.ts';
import type { Operation } from '../model/row-change.ts';
import type { KeyTemplate } from './key-template.ts';
import type { TablePattern } from './table-pattern.ts';

/** One rule, ready to be bound to a table. */
export interface CompiledRule {
  readonly name: string;
  readonly tables: readonly TablePattern[];
  readonly operations: readonly Operation[];
  /** An update counts only if one of these (or of a key's columns) changed; null: every update counts. */
  readonly columns: readonly string[] | null;
  readonly keys: readonly KeyTemplate[];
  /** Stands for NULL in a key; null: such a key is skipped and counted. */
  readonly nullText: string | null;
  /** Null: the cache key is the partition key. */
  readonly partitionKey: KeyTemplate | null;
  readonly action: RuleAction;
}

export type RuleAction =
  /** `versioned[i]`: may a refresh rule own what `keys[i]` gives (DeleteInvalidation.versioned)? */
  | { readonly kind: 'delete'; readonly versioned: readonly boolean[] }
  /** `columns`: what of the row travels in the record, by the names the rule uses; null: every column. */
  | { readonly kind: 'refresh'; readonly plan: RefreshPlan; readonly columns: readonly string[] | null };

export interface RuleSet {
  /** In the order of the files, and in each of them from top to bottom. */
  readonly rules: readonly CompiledRule[];
  /** How to apply a refresh, by rule name. */
  readonly plans: ReadonlyMap<string, RefreshPlan>;
  /** 12 hexadecimal digits that change when the meaning of the rules does; comments, layout and file names do not count. */
  readonly hash: string;
  /** Per rule, what it expects of the database and where the file says so: for `check --live`. */
  readonly mentions: readonly RuleMentions[];
}

/** A word of a rule file and where it stands. */
export interface Mention {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface RuleMentions {
  readonly rule: string;
  readonly tables: readonly (Mention & { readonly pattern: TablePattern })[];
  readonly columns: readonly (Mention & { readonly name: string })[];
  /** Where the query of a refresh stands; null: the rule has none. */
  readonly query: Mention | null;
}
