import { createHash } from 'node:crypto';
import type { RefreshPlan } from '../model/invalidation.ts';
import { printTemplate, type KeyTemplate } from './key-template.ts';
import { mentionsOf } from './mentions.ts';
import type { LocatedRule } from './rule-file.ts';
import type { ParsedRefresh, ParsedRule } from './rule-schema.ts';
import type { CompiledRule, RuleAction, RuleSet } from './rule-set.ts';
import { templatesOverlap } from './template-overlap.ts';

/** What only the whole set can tell: which deletes must leave a version, and the hash. */
export function compileRules(located: readonly LocatedRule[]): RuleSet {
  const parsed = located.map(({ rule }) => rule);
  const refreshed = parsed.filter(({ action }) => action !== 'delete').flatMap(({ keys }) => keys);
  const rules = parsed.map((rule) => compileRule(rule, refreshed));
  const plans = new Map(
    rules.flatMap(({ name, action }) => (action.kind === 'refresh' ? [[name, action.plan] as const] : [])),
  );
  return { rules, plans, hash: hashOf(rules), mentions: located.map(mentionsOf) };
}

function compileRule(rule: ParsedRule, refreshed: readonly KeyTemplate[]): CompiledRule {
  return {
    name: rule.name,
    tables: rule.table,
    operations: rule.on,
    columns: rule.columns ?? null,
    keys: rule.keys,
    nullText: rule.null_as ?? null,
    partitionKey: rule.partition_key ?? null,
    action: rule.action === 'delete' ? deleteAction(rule, refreshed) : refreshAction(rule.name, rule.action.refresh),
  };
}

/**
 * A delete must leave its version in Redis if any refresh may write the same key: else an older refresh, delivered
 * again after the delete, would bring the old value back. A delete of a key that nobody refreshes need not, and is then
 * a plain UNLINK. Which rule owns a key is decided by its templates alone, whatever the tables: keys are one name
 * space, and a wrong "yes" costs a little memory in Redis, a wrong "no" a stale key.
 */
function deleteAction(rule: ParsedRule, refreshed: readonly KeyTemplate[]): RuleAction {
  return { kind: 'delete', versioned: rule.keys.map((key) => refreshed.some((other) => templatesOverlap(key, other))) };
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

function hashOf(rules: readonly CompiledRule[]): string {
  const meaning = rules.map((rule) => ({
    ...rule,
    tables: rule.tables.map(({ text }) => text),
    operations: [...rule.operations].sort(),
    keys: rule.keys.map(printTemplate),
    partitionKey: rule.partitionKey === null ? null : printTemplate(rule.partitionKey),
  }));
  return createHash('sha256').update(JSON.stringify(meaning)).digest('hex').slice(0, 12);
}
