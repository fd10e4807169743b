import type { Invalidation, RefreshInvalidation, RefreshPlan } from '../model/invalidation.ts';
import type { JsonValue } from '../model/row-change.ts';
import type { CacheCommand } from '../ports.ts';

/** What a refresh comes to: something to do in the cache, a query to run first, or nothing that could ever be done. */
export type RefreshStep = RefreshResult | RefreshQuery;

export type RefreshResult =
  | { readonly kind: 'command'; readonly command: CacheCommand }
  | { readonly kind: 'impossible'; readonly reason: string };

export interface RefreshQuery {
  readonly kind: 'query';
  readonly sql: string;
  readonly parameters: readonly JsonValue[];
}

type StoredRow = Readonly<Record<string, JsonValue>>;

/** 0 ≤ n < 1. */
export type Random = () => number;

/** The only field of an empty marker that is stored as a hash: readers of the key then never meet a wrong type. */
export const EMPTY_FIELD = 'sluice:empty';

/** From the row image: a command at once. By query: the query, also for a row that is gone, as another may have its key. */
export function planRefresh(invalidation: RefreshInvalidation, plan: RefreshPlan, random: Random): RefreshStep {
  const { state, columns } = invalidation.row;
  if (plan.from.kind === 'row') {
    // A row that only moved to another key says nothing about its old key: another row may have it. The marker would lie.
    const moved = state === 'gone' && invalidation.origin.operation === 'update';
    if (moved) return command(removal(invalidation));
    return storeRows(invalidation, plan, state === 'present' ? [columns] : [], random);
  }
  const missing = plan.from.parameters.find((name) => !Object.hasOwn(columns, name));
  if (missing !== undefined)
    return impossible(`the record lacks column ${missing}: the rule was another when it was made`);
  return { kind: 'query', sql: plan.from.sql, parameters: plan.from.parameters.map((name) => columns[name] ?? null) };
}

/** The rows of the query (or the row of the record) become the value of the key. */
export function storeRows(
  invalidation: RefreshInvalidation,
  plan: RefreshPlan,
  rows: readonly StoredRow[],
  random: Random,
): RefreshResult {
  const [row] = rows;
  if (rows.length > 1) return impossible(`the query of rule ${plan.rule} gave ${rows.length} rows instead of one`);
  const { key, version } = invalidation;
  if (row !== undefined) {
    const value = plan.store === 'json' ? JSON.stringify(row) : hashFields(row);
    return command({ kind: 'set', key, version, value, ttlMs: jittered(plan.ttlMs, plan.jitter, random) });
  }
  if (plan.empty === null) return command(removal(invalidation));
  const value = plan.store === 'json' ? plan.empty.value : { [EMPTY_FIELD]: plan.empty.value };
  return command({ kind: 'set', key, version, value, ttlMs: jittered(plan.empty.ttlMs, plan.jitter, random) });
}

/** Takes the key away and leaves the version, so that no older refresh brings a value back. */
export function removal({ key, version }: Pick<Invalidation, 'key' | 'version'>): CacheCommand {
  return { kind: 'delete', key, version, versioned: true };
}

/** Evenly spread over ttl × (1 ± jitter), whole ms. */
export function jittered(ttlMs: number | null, jitter: number, random: Random): number | null {
  if (ttlMs === null) return null;
  return Math.max(1, Math.round(ttlMs * (1 + jitter * (2 * random() - 1))));
}

/**
 * Every field as text: numbers and booleans as JSON writes them, lists and objects as JSON. NULL has no text of its own
 * in a hash, so such a field is left out; a row of nothing but NULLs leaves no key (Redis knows no empty hash).
 */
function hashFields(row: StoredRow): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== null) fields[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return fields;
}

function command(command: CacheCommand): RefreshResult {
  return { kind: 'command', command };
}

function impossible(reason: string): RefreshResult {
  return { kind: 'impossible', reason };
}
