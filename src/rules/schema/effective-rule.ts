import type { Operation, TableOperation } from '../../model/row-change.ts';
import type { Path } from '../../runtime/config/path.ts';
import type { ParsedAction } from './action-schema.ts';
import type { ParsedDefaults, ParsedRule } from './rule-schema.ts';
import { OPERATIONS } from './shared-options.ts';
import type { ParsedReaction } from './table-changes-schema.ts';

export const TABLE_OPERATIONS = ['truncate', 'drop', 'rename', 'alter'] as const satisfies readonly TableOperation[];

const DEFAULT_MAX_KEYS = 100;
const DEFAULT_FLUSH_ABOVE_ROWS = 100_000;

/** Something with the place in the document that says so: in the rule, or in `defaults`. */
interface Placed<T> {
  readonly value: T;
  readonly path: Path;
}

/** A rule with the file's defaults and the language's own put in where it says nothing itself. */
export interface EffectiveRule {
  readonly rule: ParsedRule;
  /** In the order of the operations; empty when nothing says what is to be done. */
  readonly actions: readonly (Placed<ParsedAction> & { readonly operation: Operation })[];
  readonly nullText: string | null;
  readonly maxKeys: number;
  readonly flushAboveRows: number | null;
  /** A reaction that nobody wrote has no path. */
  readonly tableChanges: Readonly<
    Record<TableOperation, { readonly value: ParsedReaction; readonly path: Path | null }>
  >;
}

/** `index`: the rule's place in the list of its file. */
export function effectiveRule(rule: ParsedRule, defaults: ParsedDefaults, index: number): EffectiveRule {
  const flushAbove = rule.flush_above_rows ?? defaults.flush_above_rows ?? DEFAULT_FLUSH_ABOVE_ROWS;
  return {
    rule,
    actions: actionsOf(rule, defaults, ['rules', index]),
    nullText: rule.null_as ?? defaults.null_as ?? null,
    maxKeys: rule.max_keys ?? defaults.max_keys ?? DEFAULT_MAX_KEYS,
    flushAboveRows: flushAbove === 'never' ? null : flushAbove,
    tableChanges: tableChangesOf(rule, defaults, ['rules', index]),
  };
}

function actionsOf(rule: ParsedRule, defaults: ParsedDefaults, base: Path): EffectiveRule['actions'] {
  const on = rule.on ?? defaults.on ?? OPERATIONS;
  const operations = OPERATIONS.filter((each) => (isList(on) ? on.includes(each) : on[each] !== undefined));
  const all = (value: ParsedAction, path: Path) => operations.map((operation) => ({ operation, value, path }));
  if (rule.action !== undefined) return all(rule.action, [...base, 'action']);
  if (!isList(on)) {
    const path = [...(rule.on === undefined ? ['defaults'] : base), 'on'];
    return operations.flatMap((operation) => {
      const value = on[operation];
      return value === undefined ? [] : [{ operation, value, path: [...path, operation] }];
    });
  }
  return defaults.action === undefined ? [] : all(defaults.action, ['defaults', 'action']);
}

function tableChangesOf(rule: ParsedRule, defaults: ParsedDefaults, base: Path): EffectiveRule['tableChanges'] {
  const written = rule.table_changes ?? defaults.table_changes;
  const path = [...(rule.table_changes === undefined ? ['defaults'] : base), 'table_changes'];
  const reaction = (operation: TableOperation): EffectiveRule['tableChanges'][TableOperation] => {
    if (typeof written === 'string') return { value: written, path };
    const value = written?.[operation];
    return value === undefined ? { value: 'flush', path: null } : { value, path: [...path, operation] };
  };
  return {
    truncate: reaction('truncate'),
    drop: reaction('drop'),
    rename: reaction('rename'),
    alter: reaction('alter'),
  };
}

/** Array.isArray does not see that a read-only list is a list. */
const isList = (on: unknown): on is readonly Operation[] => Array.isArray(on);
