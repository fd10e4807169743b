import type { DeleteInvalidation, EpochInvalidation, Invalidation } from '../../model/invalidation.ts';
import type { Table, TableChange } from '../../model/row-change.ts';
import { matchesGlob } from '../../runtime/glob.ts';
import { KeyBuilder } from '../template/key-builder.ts';
import type { KeyTemplate } from '../template/key-template.ts';
import { EVERY_TABLE, RowOrigin, type OriginContext, type TableName } from './row-origin.ts';
import { distinctPatterns, flushesOf, patternOf, patternsOf } from './rule-flush.ts';
import type { CompiledRule } from '../rule-set.ts';
import type { TablePattern } from '../table/table-pattern.ts';
import type { Captures } from '../template/template-facts.ts';

/** A table that a rule is about. */
export interface MatchedTable extends TableName {
  readonly captures: Captures;
}

/** What a table change means to one rule. */
export interface Reaction {
  readonly invalidations: readonly Invalidation[];
  /** Tables whose epoch is raised to the version of the change. */
  readonly raised: readonly TableName[];
}

const NONE: Reaction = { invalidations: [], raised: [] };

/**
 * The tables of a rule that a table change is about. `others`: there may be more that nobody can name, because the change is
 * about a whole database and a pattern of the rule is no exact name.
 */
export interface Affected {
  readonly tables: readonly MatchedTable[];
  readonly others: boolean;
}

export function affectedTables({ tables: patterns }: CompiledRule, { database, table }: TableChange): Affected {
  if (table !== null) {
    for (const pattern of patterns) {
      const captures = pattern.captures(database, table);
      if (captures !== null) return { tables: [{ database, table, captures }], others: false };
    }
    return { tables: [], others: false };
  }
  const about = patterns.filter((pattern) => couldMatchIn(pattern, database));
  const tables = about
    .filter(({ exact }) => exact)
    .map(({ text }) => ({ database, table: text.slice(database.length + 1), captures: {} }));
  return { tables, others: about.some(({ exact }) => !exact) };
}

/** Could the pattern match a table of the database? Of an expression nobody can tell, so it could. */
export function couldMatchIn({ text }: TablePattern, database: string): boolean {
  return text.startsWith('/') || matchesGlob(text.slice(0, text.indexOf('.')), database);
}

export function react(rule: CompiledRule, change: TableChange, affected: Affected, context: OriginContext): Reaction {
  const reaction = rule.tableChanges[change.operation];
  if (reaction.kind === 'ignore' || (affected.tables.length === 0 && !affected.others)) return NONE;
  const place = { database: change.database, table: change.table ?? EVERY_TABLE };
  const cause = {
    reason: change.operation,
    version: change.version,
    origin: new RowOrigin(change, place, null, context),
  };
  // Of tables nobody can name, no epoch can be raised and no key be built: all that the rule can give goes.
  const unnamed = affected.others ? patternsOf(rule) : [];
  switch (reaction.kind) {
    case 'flush': {
      const patterns = [...affected.tables.flatMap((table) => patternsOf(rule, table)), ...unnamed];
      return { invalidations: flushesOf(rule.name, distinctPatterns(patterns), cause), raised: [] };
    }
    case 'epoch':
      return { invalidations: flushesOf(rule.name, unnamed, cause), raised: affected.tables };
    case 'delete': {
      const keys = [...new Set(affected.tables.flatMap((table) => keysOf(rule, reaction.keys, table)))];
      const deletes = keys.map((key): DeleteInvalidation => {
        // Whether a refresh may own such a key, the rule set does not say: the safe side.
        const { version, origin } = cause;
        return { action: 'delete', key, partitionKey: key, version, rule: rule.name, origin, versioned: true };
      });
      const others = affected.others ? reaction.keys.map((key) => patternOf(key, true)) : [];
      return { invalidations: [...deletes, ...flushesOf(rule.name, distinctPatterns(others), cause)], raised: [] };
    }
  }
}

/** The raise of one table's epoch, for everybody who builds keys with it. */
export function epochRaise(
  { name }: CompiledRule,
  change: TableChange,
  { database, table }: TableName,
  context: OriginContext,
): EpochInvalidation {
  const key = `sluice:epoch:${database}.${table}`;
  const origin = new RowOrigin(change, { database, table }, null, context);
  return { action: 'epoch', key, partitionKey: key, version: change.version, rule: name, origin };
}

/** Keys without columns need no row, only the names of the table. */
function keysOf({ name: rule, nullText }: CompiledRule, keys: readonly KeyTemplate[], matched: MatchedTable): string[] {
  const table: Table = {
    database: matched.database,
    name: matched.table,
    columns: [],
    columnsByName: new Map(),
    primaryKey: [],
  };
  return keys.flatMap((template) => {
    const builder = new KeyBuilder({ template, table, rule, nullText, captures: matched.captures, epoch: 0 });
    return builder.build({}, null) ?? [];
  });
}
