/** Every key of the cache against its row. */
import { FAMILIES, keyOf, type Family, type Row } from '../load/families.ts';
import { hashText } from '../load/hash-text.ts';
import { cachedValues } from './cached.ts';
import type { World } from '../world/world.ts';

export interface Comparison {
  readonly compared: number;
  readonly stale: readonly StaleKey[];
  /** Refreshed keys that should be there. */
  readonly missing: readonly StaleKey[];
}

export interface StaleKey {
  readonly key: string;
  readonly family: string;
  readonly cached: string;
  readonly row: string;
}

export async function compare(world: World): Promise<Comparison> {
  const stale: StaleKey[] = [];
  const missing: StaleKey[] = [];
  let compared = 0;
  for (const family of FAMILIES) {
    const rows = rowsByValue(
      family,
      await world.primary.rows(`SELECT * FROM ${world.database}.${family.table} ORDER BY id`),
    );
    const expected = new Map<string, string>();
    for (const [value, of] of rows) expected.set(keyOf(world.prefix, family.name, value), text(family.value(of)));
    const none = text(family.value([]));
    const cached = await cachedValues(world, keyOf(world.prefix, family.name, '*'));
    for (const [key, found] of cached) {
      compared++;
      const row = expected.get(key) ?? none;
      if (found !== row) stale.push({ key, family: family.name, cached: found, row });
    }
    if (family.filler !== 'daemon') continue;
    for (const [key, row] of expected) {
      compared++;
      if (!cached.has(key)) missing.push({ key, family: family.name, cached: text(null), row });
    }
  }
  return { compared, stale, missing };
}

function rowsByValue(family: Family, rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const value = String(row[family.column]);
    const before = found.get(value);
    if (before === undefined) found.set(value, [row]);
    else before.push(row);
  }
  return found;
}

function text(value: string | Readonly<Record<string, string>> | null): string {
  if (value === null) return '(no key)';
  return typeof value === 'string' ? value : hashText(value);
}
