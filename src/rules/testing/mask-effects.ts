import type { Change, Row, RowChange } from '../../model/row-change.ts';
import { columnOf } from '../evaluate/column-reader.ts';
import type { CompiledRule, RuleSet } from '../rule-set.ts';

/** What masking changed in what the rules do. */
export interface MaskEffects {
  /** Changes that other rules match than did in history. */
  readonly changes: number;
  /** Columns of the conditions that are no longer true, or now are; each once. */
  readonly columns: readonly string[];
}

/**
 * A condition compares with words of its own, and no stand-in is such a word: `after.name == 'lamp'` is false of every masked name. Each
 * real change and the masked one at its place are asked the same conditions.
 */
export function maskEffects(
  real: readonly (readonly Change[])[],
  masked: readonly (readonly Change[])[],
  { rules }: RuleSet,
): MaskEffects {
  const columns = new Set<string>();
  let changes = 0;
  real.forEach((list, test) =>
    list.forEach((before, index) => {
      const after = masked[test]?.[index];
      if (before.kind !== 'row' || after?.kind !== 'row') return;
      const other = rules.filter((rule) => isAbout(rule, before) && answer(rule, before) !== answer(rule, after));
      if (other.length > 0) changes++;
      for (const rule of other) for (const name of changedColumns(rule, before, after)) columns.add(name);
    }),
  );
  return { changes, columns: [...columns] };
}

function isAbout({ tables, actions }: CompiledRule, { table, operation }: RowChange): boolean {
  return actions[operation] !== undefined && tables.some((pattern) => pattern.matches(table.database, table.name));
}

/** A condition that fails has an outcome too: a dead letter. */
function answer({ when }: CompiledRule, change: RowChange): boolean | 'fails' {
  try {
    return when === null || when.matches(change);
  } catch {
    return 'fails';
  }
}

function changedColumns({ when, name: rule }: CompiledRule, real: RowChange, masked: RowChange): string[] {
  return (when?.columns ?? []).filter(
    (name) =>
      textOf(real.before, real, name, rule) !== textOf(masked.before, masked, name, rule) ||
      textOf(real.after, real, name, rule) !== textOf(masked.after, masked, name, rule),
  );
}

/** Undefined: NULL, or there is no such image or column. */
function textOf(row: Row | null, { table }: RowChange, name: string, rule: string): string | undefined {
  try {
    const column = columnOf(table, name, rule);
    const value = row?.[column.name];
    return value === null || value === undefined ? undefined : column.text(value);
  } catch {
    return undefined;
  }
}
