import type { DeleteInvalidation, EpochInvalidation, Invalidation } from '../../model/invalidation.ts';
import type { Epochs } from '../../model/position.ts';
import type { Change, Table, TableChange } from '../../model/row-change.ts';
import type { Version } from '../../model/version.ts';
import { SluiceError } from '../../runtime/errors.ts';
import { matchesGlob } from '../../runtime/glob.ts';
import { flushPattern } from '../template/flush-pattern.ts';
import { KeyBuilder } from '../template/key-builder.ts';
import type { KeyTemplate } from '../template/key-template.ts';
import { usesEpoch } from '../template/template-uses.ts';
import { epochId, epochKey } from './epoch-id.ts';
import type { OriginContext, TableName } from '../../model/row-origin.ts';
import { EVERY_TABLE, originOf } from './origin-of.ts';
import { flushesOf, patternsOf } from './rule-flush.ts';
import type { CompiledRule, TableReaction } from '../rule-set.ts';
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
 * about a whole database (or any) and a pattern of the rule is no exact name.
 */
export interface Affected {
  readonly tables: readonly MatchedTable[];
  readonly others: boolean;
}

export function affectedTables({ tables: patterns }: CompiledRule, { database, table }: TableChange): Affected {
  if (database !== null && table !== null) {
    for (const pattern of patterns) {
      const captures = pattern.captures(database, table);
      if (captures !== null) return { tables: [{ database, table, captures }], others: false };
    }
    return { tables: [], others: false };
  }
  const about = patterns.filter((pattern) => couldMatchIn(pattern, database));
  const tables = about.filter(({ exact }) => exact).map(({ text }) => ({ ...tableNameOf(text), captures: {} }));
  return { tables, others: about.some(({ exact }) => !exact) };
}

/** Could a table change be about a table of these patterns? */
export function couldConcern(patterns: readonly TablePattern[], { database, table }: TableChange): boolean {
  return patterns.some((pattern) =>
    database === null || table === null ? couldMatchIn(pattern, database) : pattern.matches(database, table),
  );
}

/** Could the pattern match a table of the database (null: of any)? Of an expression nobody can tell, so it could. */
function couldMatchIn({ text }: TablePattern, database: string | null): boolean {
  return database === null || text.startsWith('/') || matchesGlob(text.slice(0, text.indexOf('.')), database);
}

/** What a reaction needs to know beside the change. */
export interface ReactionContext {
  readonly origin: OriginContext;
  readonly epochs: Epochs;
}

/** What a rule says about table changes is not about rows that changed unseen: their keys are stale, whatever it says. */
export function reactionOf({ tableChanges }: CompiledRule, { operation }: TableChange): TableReaction {
  return operation === 'unknown_rows' ? { kind: 'flush' } : tableChanges[operation];
}

export function react(rule: CompiledRule, change: TableChange, affected: Affected, context: ReactionContext): Reaction {
  const reaction = reactionOf(rule, change);
  if (reaction.kind === 'ignore' || (affected.tables.length === 0 && !affected.others)) return NONE;
  const place = { database: change.database ?? EVERY_TABLE, table: change.table ?? EVERY_TABLE };
  const cause = {
    reason: change.operation,
    version: change.version,
    origin: originOf(change, place, null, context.origin),
  };
  // Of tables nobody can name, no epoch can be raised and no key be built: all that the rule can give goes.
  const unnamed = affected.others ? patternsOf(rule) : [];
  switch (reaction.kind) {
    case 'flush': {
      const patterns = [...affected.tables.flatMap((table) => patternsOf(rule, table)), ...unnamed];
      return { invalidations: flushesOf(rule, patterns, cause), raised: [] };
    }
    case 'epoch':
      return { invalidations: flushesOf(rule, unnamed, cause), raised: affected.tables };
    case 'delete': {
      // An epoch that is not known yet is raised: the keys that it makes unreachable need no delete.
      const raised = reaction.keys.some(usesEpoch)
        ? affected.tables.filter((table) => !context.epochs.has(epochId(table)))
        : [];
      const named = affected.tables.map((table) => {
        const epoch = context.epochs.get(epochId(table)) ?? change.version;
        return namedKeys(rule, reaction.keys, { ...table, epoch });
      });
      const keys = [...new Set(named.flatMap((each) => each.keys))];
      const deletes = keys.map((key): DeleteInvalidation => {
        // Whether a refresh may own such a key, the rule set does not say: the safe side.
        const { version, origin } = cause;
        const { name, againAfterMs } = rule;
        return { action: 'delete', key, partitionKey: key, version, rule: name, origin, versioned: true, againAfterMs };
      });
      const others = affected.others ? reaction.keys.map((key) => flushPattern(key)) : [];
      const flushed = [...named.flatMap(({ patterns }) => patterns), ...others];
      return { invalidations: [...deletes, ...flushesOf(rule, flushed, cause)], raised };
    }
  }
}

/** The raise of one table's epoch, for everybody who builds keys with it. */
export function epochRaise(
  { name }: CompiledRule,
  change: Change,
  { database, table }: TableName,
  context: OriginContext,
): EpochInvalidation {
  const key = epochKey({ database, table });
  const origin = originOf(change, { database, table }, null, context);
  return { action: 'epoch', key, partitionKey: key, version: change.version, rule: name, origin };
}

/**
 * Keys without columns need no row, only the names of the table. For a template that gives no key (a filter that fails on a name, too
 * many elements) there is its pattern instead: nobody would come back to the statement.
 */
function namedKeys(
  { name: rule, nullText, maxKeys }: CompiledRule,
  templates: readonly KeyTemplate[],
  matched: MatchedTable & { readonly epoch: Version },
): { readonly keys: readonly string[]; readonly patterns: readonly string[] } {
  const { database, table: name, captures, epoch } = matched;
  const table: Table = { database, name, columns: [], columnsByName: new Map(), primaryKey: [] };
  const keys: string[] = [];
  const patterns: string[] = [];
  for (const template of templates) {
    const builder = new KeyBuilder({ template, table, rule, nullText, captures, epoch });
    const built = keysOrNull(builder, maxKeys);
    if (built === null) patterns.push(flushPattern(template, matched));
    else keys.push(...built);
  }
  return { keys, patterns };
}

function keysOrNull(builder: KeyBuilder, limit: number): readonly string[] | null {
  try {
    return builder.buildAll({}, null, limit);
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}

export function tableNameOf(exact: string): TableName {
  const dot = exact.indexOf('.');
  return { database: exact.slice(0, dot), table: exact.slice(dot + 1) };
}
