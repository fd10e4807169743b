import type { RefreshPlan } from '../model/invalidation.ts';
import type { Operation, TableOperation } from '../model/row-change.ts';
import { texts } from './schema/check-references.ts';
import { TABLE_OPERATIONS, type EffectiveRule } from './schema/effective-rule.ts';
import { keyWarnings } from './check/key-warnings.ts';
import type { KeyTemplate } from './template/key-template.ts';
import type { ParsedLookup } from './schema/lookup-schema.ts';
import { mentionsOf } from './mentions.ts';
import type { ParsedAction } from './schema/action-schema.ts';
import type { ParsedRefresh } from './schema/refresh-schema.ts';
import type { LocatedRule } from './rule-file.ts';
import { hashOf } from './rule-hash.ts';
import type { CompiledLookup, CompiledRule, RuleAction, RuleSet, TableReaction } from './rule-set.ts';
import { warningsOf } from './check/rule-warnings.ts';
import type { ParsedReaction } from './schema/table-changes-schema.ts';
import { substituteConstants } from './template/template-constants.ts';
import { printTemplate } from './template/template-print.ts';
import { templatesOverlap } from './template/template-overlap.ts';

/** What only the whole set can tell: which deletes must leave a version, and the hash. */
export function compileRules(located: readonly LocatedRule[]): RuleSet {
  const unmarked = located.map(compileRule);
  const refreshed = unmarked.filter(mayRefresh).flatMap(({ keys }) => keys);
  const rules = marked(unmarked, refreshed);
  const mentions = located.map(mentionsOf);
  return {
    rules,
    refreshed,
    plans: new Map(rules.map((rule) => [rule.name, plansOf(rule)])),
    hash: hashOf(rules),
    mentions,
    warnings: [...warningsOf(located), ...keyWarnings(rules, mentions)],
  };
}

/**
 * A set that takes the place of another while refreshes made by that may still be under way, or be delivered again: a rule that
 * was turned from `refresh` into `delete` must leave its versions for them.
 */
export function following(before: RuleSet, ruleSet: RuleSet): RuleSet {
  const known = new Map([...before.refreshed, ...ruleSet.refreshed].map((key) => [printTemplate(key), key]));
  const refreshed = [...known.values()];
  return { ...ruleSet, refreshed, rules: marked(ruleSet.rules, refreshed) };
}

function marked(rules: readonly Omit<CompiledRule, 'versioned'>[], refreshed: readonly KeyTemplate[]): CompiledRule[] {
  return rules.map((rule) => ({ ...rule, versioned: rule.keys.map((key) => isOwned(key, refreshed)) }));
}

const mayRefresh = ({ actions }: Pick<CompiledRule, 'actions'>): boolean =>
  Object.values(actions).some(({ kind }) => kind === 'refresh');

/**
 * A delete must leave its version in Redis if any refresh may write the same key: else an older refresh, delivered
 * again after the delete, would bring the old value back. A delete of a key that nobody refreshes need not, and is then
 * a plain UNLINK. Which rule owns a key is decided by its templates alone, whatever the tables: keys are one name
 * space, and a wrong "yes" costs a little memory in Redis, a wrong "no" a stale key.
 */
const isOwned = (key: KeyTemplate, refreshed: readonly KeyTemplate[]): boolean =>
  refreshed.some((other) => templatesOverlap(key, other));

function plansOf({ actions }: CompiledRule): Partial<Record<Operation, RefreshPlan>> {
  const plans: Partial<Record<Operation, RefreshPlan>> = {};
  for (const operation of ['insert', 'update', 'delete'] as const) {
    const action = actions[operation];
    if (action?.kind === 'refresh') plans[operation] = action.plan;
  }
  return plans;
}

function compileRule({ effective, constants }: LocatedRule): Omit<CompiledRule, 'versioned'> {
  const { rule, nullText, maxKeys, flushAboveRows } = effective;
  const known = texts(constants);
  const literal = (template: KeyTemplate): KeyTemplate => {
    const substituted = substituteConstants(template, known);
    if ('ok' in substituted) return substituted.ok;
    throw new Error('a template that its constants do not fit was let pass');
  };
  const actions = actionsOf(effective);
  return {
    name: rule.name,
    tables: rule.table,
    actions,
    againAfterMs: longestOf(actions),
    columns: rule.columns ?? null,
    keys: rule.keys.map(literal),
    nullText,
    partitionKey: rule.partition_key === undefined ? null : literal(rule.partition_key),
    when: rule.when?.of(rule.name) ?? null,
    lookup: rule.lookup === undefined ? null : lookup(rule.lookup),
    maxKeys,
    flushAboveRows,
    tableChanges: tableChangesOf(effective, literal),
  };
}

/** One action for several operations stays one, and so does its plan. */
function actionsOf({ rule, actions }: EffectiveRule): CompiledRule['actions'] {
  const compiled = new Map<ParsedAction, RuleAction>();
  return Object.fromEntries(
    actions.map(({ operation, value }) => {
      const action = compiled.get(value) ?? actionOf(rule.name, value);
      compiled.set(value, action);
      return [operation, action];
    }),
  );
}

function actionOf(rule: string, action: ParsedAction): RuleAction {
  if (action === 'delete') return { kind: 'delete', againAfterMs: null };
  if (action.refresh !== undefined) return refreshAction(rule, action.refresh);
  return { kind: 'delete', againAfterMs: action.delete?.again_after ?? null };
}

/** What nobody wrote for a single row (flushes, keys of table changes) is done again after the longest of its times. */
function longestOf(actions: CompiledRule['actions']): number | null {
  const times = Object.values(actions).map((action) => (action.kind === 'delete' ? (action.againAfterMs ?? 0) : 0));
  return Math.max(0, ...times) || null;
}

function refreshAction(rule: string, refresh: ParsedRefresh): RuleAction {
  const { query, row, store, ttl, jitter, empty } = refresh;
  const plan: RefreshPlan = {
    rule,
    from: query === undefined ? { kind: 'row' } : { kind: 'query', sql: query.sql, parameters: query.parameters },
    store,
    ttlMs: ttl,
    jitter,
    empty: empty === undefined ? null : { value: empty.value, ttlMs: empty.ttl },
  };
  const named = query === undefined ? row : query.parameters;
  return { kind: 'refresh', plan, columns: Array.isArray(named) ? [...new Set(named)] : null };
}

const lookup = ({ query, tables, cache, timeout }: ParsedLookup): CompiledLookup => ({
  sql: query.sql,
  parameters: query.parameters,
  tables,
  maxCached: cache,
  timeoutMs: timeout,
});

function tableChangesOf(
  { tableChanges }: EffectiveRule,
  literal: (template: KeyTemplate) => KeyTemplate,
): CompiledRule['tableChanges'] {
  const reaction = (value: ParsedReaction): TableReaction =>
    typeof value === 'string' ? { kind: value } : { kind: 'delete', keys: value.delete.map(literal) };
  return Object.fromEntries(
    TABLE_OPERATIONS.map((operation) => [operation, reaction(tableChanges[operation].value)]),
  ) as Record<TableOperation, TableReaction>;
}
