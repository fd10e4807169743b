import type { Column, Operation, RowChange, Table } from '../../model/row-change.ts';
import type { Version } from '../../model/version.ts';
import { BoundRule } from './bound-rule.ts';
import type { BrokenTables } from './broken-rules.ts';
import type { RuleOnTable } from './collapse.ts';
import type { LookupAnswers } from '../lookup/lookup-answers.ts';
import { missingColumns } from './needed-columns.ts';
import type { TableName } from '../../model/row-origin.ts';
import type { RuleMemory } from './rule-memory.ts';
import type { CompiledRule } from '../rule-set.ts';
import type { Captures, TableFacts } from '../template/template-facts.ts';
import { usesEpoch } from '../template/template-uses.ts';

/** A rule that cannot be bound: its table lacks columns it needs. */
export interface BrokenRule extends RuleOnTable {
  readonly rule: CompiledRule;
  readonly facts: TableFacts;
  readonly memory: RuleMemory;
  readonly missing: readonly string[];
}

/** Everything the rows of one table must pass. */
export interface TableRules {
  readonly name: TableName;
  /** Columns of the primary key. */
  readonly primaryKey: readonly Column[];
  readonly bound: Readonly<Record<Operation, readonly BoundRule[]>>;
  readonly broken: Readonly<Record<Operation, readonly BrokenRule[]>>;
  /**
   * The first rule whose keys carry the table's epoch, while nobody knows that (a first start, a lost checkpoint). No row may be read
   * before it is raised: applications may go on with the number they had, and no key would ever meet one of theirs.
   */
  readonly needsEpoch: CompiledRule | null;
  /** What rules have looked up in this table. */
  readonly lookedInto: readonly LookupAnswers[];
}

/** A rule and what its pattern matched of a table's name. */
export interface MatchingRule {
  readonly memory: RuleMemory;
  readonly captures: Captures;
}

export interface TableRulesOptions {
  readonly table: Table;
  readonly matching: readonly MatchingRule[];
  readonly lookedInto: readonly LookupAnswers[];
  /** Null: not known. */
  readonly epoch: Version | null;
  readonly brokenTables: BrokenTables;
  readonly onNullKey: (rule: string) => void;
  readonly onLargeRow: (rule: string) => void;
}

/** Binds every rule that is about the table, each for the operations it acts on. */
export function bindTable({ table, matching, lookedInto, ...options }: TableRulesOptions): TableRules {
  const bound: Record<Operation, BoundRule[]> = { insert: [], update: [], delete: [] };
  const broken: Record<Operation, BrokenRule[]> = { insert: [], update: [], delete: [] };
  const { database, name } = table;
  const told = { onNullKey: options.onNullKey, onLargeRow: options.onLargeRow };
  for (const { memory, captures } of matching) {
    const facts: TableFacts = { database, table: name, captures, epoch: options.epoch };
    const { rule } = memory;
    let fits = true;
    for (const operation of ['insert', 'update', 'delete'] as const) {
      const action = rule.actions[operation];
      if (action === undefined) continue;
      const missing = missingColumns(rule, action, table);
      if (missing.length > 0) {
        fits = false;
        broken[operation].push({ rule, facts, memory, missing });
      } else {
        bound[operation].push(new BoundRule({ memory, operation, action, table, facts, ...told }));
      }
    }
    if (fits) options.brokenTables.fits(rule.name, table);
  }
  const primaryKey = table.primaryKey.flatMap((column) => table.columnsByName.get(column) ?? []);
  const needsEpoch = options.epoch === null ? (matching.find(({ memory }) => carriesEpoch(memory.rule)) ?? null) : null;
  return {
    name: { database, table: name },
    primaryKey,
    bound,
    broken,
    needsEpoch: needsEpoch?.memory.rule ?? null,
    lookedInto,
  };
}

export function carriesEpoch({ keys, partitionKey }: CompiledRule): boolean {
  return keys.some(usesEpoch) || (partitionKey !== null && usesEpoch(partitionKey));
}

/** Why a broken rule's row is a dead letter. */
export function missingReason({ rule, missing }: BrokenRule, { table }: RowChange): string {
  const names = missing.map((name) => `\`${name}\``).join(', ');
  const has = table.columns.map(({ name }) => name).join(', ');
  const columns = missing.length === 1 ? 'column' : 'columns';
  return `RULE_COLUMN_MISSING: rule \`${rule.name}\` needs ${columns} ${names}, but ${table.database}.${table.name} has: ${has}`;
}
