import { createHash } from 'node:crypto';
import { OPERATIONS } from './schema/shared-options.ts';
import { TABLE_OPERATIONS } from './schema/effective-rule.ts';
import type { CompiledRule, RuleAction, TableReaction } from './rule-set.ts';
import { printTemplate } from './template/template-print.ts';

/** 12 hexadecimal digits of everything that decides which keys are touched, and how. */
export function hashOf(rules: readonly CompiledRule[]): string {
  return createHash('sha256')
    .update(JSON.stringify(rules.map(meaningOf)))
    .digest('hex')
    .slice(0, 12);
}

/** One order for everything that has none in the file. */
function meaningOf(rule: CompiledRule): unknown {
  const { actions, tables, keys, partitionKey, when, lookup, tableChanges } = rule;
  return {
    ...rule,
    tables: tables.map(({ text }) => text),
    actions: OPERATIONS.map((operation) => actionOf(actions[operation])),
    // Said by the actions.
    againAfterMs: undefined,
    keys: keys.map(printTemplate),
    partitionKey: partitionKey === null ? null : printTemplate(partitionKey),
    when: when === null ? null : when.text.trim(),
    lookup: lookup === null ? null : { ...lookup, tables: lookup.tables.map(({ text }) => text) },
    tableChanges: TABLE_OPERATIONS.map((operation) => reactionOf(tableChanges[operation])),
  };
}

/** A delete that says nothing more is what it always was: so is the hash of its rule. */
const actionOf = (action: RuleAction | undefined): unknown =>
  action?.kind === 'delete' && action.againAfterMs === null ? { kind: action.kind } : (action ?? null);

const reactionOf = (reaction: TableReaction): unknown =>
  reaction.kind === 'delete' ? reaction.keys.map(printTemplate) : reaction.kind;
