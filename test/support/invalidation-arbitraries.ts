import fc from 'fast-check';
import type { Invalidation } from '../../src/model/invalidation.ts';
import type { JsonValue } from '../../src/model/row-change.ts';

export const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
const natural = fc.maxSafeNat();
/** JSON has no -0. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const timeMs = fc.integer({ min: 0, max: 9_007_199_254_740 });
/** Above 2^42 ms (the year 2109) a number of ms has no whole microseconds any more. */
const commitTimeMs = fc.integer({ min: 0, max: 2 ** 42 * 1_000 }).map((us) => us / 1000);
const againAfterMs = fc.option(fc.integer({ min: 100, max: 600_000 }));

/** Names to values, as plain objects, so that they compare equal to what JSON.parse makes. */
export function columnsOf(
  text: fc.Arbitrary<string>,
  value: fc.Arbitrary<JsonValue> = json,
): fc.Arbitrary<Readonly<Record<string, JsonValue>>> {
  return fc.dictionary(text, value).map((each) => JSON.parse(JSON.stringify(each)) as Record<string, JsonValue>);
}

/** Any that can be written, with such texts in it. */
export function invalidationOf(
  text: fc.Arbitrary<string>,
  primaryKey: fc.Arbitrary<Readonly<Record<string, JsonValue>>> = columnsOf(text),
): fc.Arbitrary<Invalidation> {
  const base = {
    // No key of Sluice's own, nor a pattern without fixed text.
    key: text.map((each) => `k${each}`),
    partitionKey: text,
    version: natural,
    rule: text,
    origin: fc.record({
      database: text,
      table: text,
      operation: fc.constantFrom('insert', 'update', 'delete'),
      ruleSet: text,
      primaryKey: fc.option(primaryKey),
      gtid: fc.option(text),
      coordinates: fc.record({ file: text, offset: natural }),
      commitTimeMs,
      captureTimeMs: timeMs,
    }),
  };
  return fc.oneof(
    fc.record({ ...base, action: fc.constant('delete' as const), versioned: fc.boolean(), againAfterMs }),
    fc.record({
      ...base,
      action: fc.constant('refresh' as const),
      row: fc.record({ state: fc.constantFrom('present', 'gone'), columns: columnsOf(text) }),
    }),
    fc.record({
      ...base,
      action: fc.constant('flush' as const),
      versioned: fc.boolean(),
      againAfterMs,
      reason: fc.constantFrom('truncate', 'drop', 'rename', 'alter', 'large_transaction', 'column_missing'),
    }),
    fc.record({ ...base, action: fc.constant('epoch' as const) }).map((epoch) => {
      const { database, table } = epoch.origin;
      return { ...epoch, key: `sluice:epoch:${database}.${table}` };
    }),
  );
}
