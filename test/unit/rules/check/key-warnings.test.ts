import { describe, expect, it } from 'vitest';
import { keyWarnings } from '../../../../src/rules/check/key-warnings.ts';
import { rulesOf } from '../../../support/rules.ts';

const REFRESH = '{refresh: {row: true}}';

/** Rules `r0`, `r1`, … with one key each: `key action`. */
const warnings = (...rules: readonly (readonly [key: string, action: string, more?: string])[]): string[] => {
  const text = rules
    .map(
      ([key, action, more = ''], index) =>
        `  - {name: r${index}, table: shop.t, keys: ['${key}'], action: ${action}${more}}\n`,
    )
    .join('');
  const { rules: compiled, mentions } = rulesOf(`constants: {prefix: shop, empty: 'x'}\nrules:\n${text}`);
  return keyWarnings(compiled, mentions).map(({ line, column, message }) => `${line}:${column} ${message}`);
};

describe('two rules that write the same keys', () => {
  it('are warned about when one refreshes what the other deletes, at the later one', () => {
    expect(warnings(['product:{id}', REFRESH], ['product:{sku}', 'delete'])).toEqual([
      '4:38 rule `r0` refreshes keys that rule `r1` deletes (the other is at rules.yaml:3:38): such a key holds what the later change says',
    ]);
    expect(warnings(['product:{id}', 'delete'], ['product:{sku}', REFRESH])).toEqual([
      '4:38 rule `r1` refreshes keys that rule `r0` deletes (the other is at rules.yaml:3:38): such a key holds what the later change says',
    ]);
  });

  it('are warned about when both refresh, whatever the columns are called', () => {
    expect(warnings(['product:{id}', REFRESH], ['other:{id}', REFRESH], ['product:{sku}', REFRESH])).toEqual([
      '5:38 rules `r0` (rules.yaml:3:38) and `r2` refresh the same keys: such a key holds what the later change says',
    ]);
  });

  it('are not two keys of one rule', () => {
    const text = `rules:\n  - {name: r, table: shop.t, keys: ['key:{id}', 'key:{old}'], action: ${REFRESH}}\n`;
    const { rules, mentions } = rulesOf(text);
    expect(keyWarnings(rules, mentions)).toEqual([]);
  });

  it.each([
    ['both delete', 'product:{id}', 'delete', 'product:{id}', 'delete'],
    ['other beginnings', 'product:{id}', REFRESH, 'order:{id}', 'delete'],
    ['more parts', 'product:{id}', REFRESH, 'product:{id}:reviews', 'delete'],
    ['another word in a part', 'product:{id}:price', REFRESH, 'product:{id}:reviews', 'delete'],
    ['a key without columns', 'products:{id}', REFRESH, 'products:all', 'delete'],
    ['another beginning in a part', 'p:a{id}', REFRESH, 'p:b{id}', 'delete'],
  ])('are fine: %s', (_, first, action, second, otherAction) => {
    expect(warnings([first, action], [second, otherAction])).toEqual([]);
  });

  it.each([
    ['a constant and its text', '{$prefix}:product:{id}', 'shop:product:{id}'],
    ['overlapping parts', 'product:a{id}', 'product:a-{id}'],
    ['several columns in a part', 'product:{a}-{b}', 'product:{c}'],
    ['fixed keys', 'product:all', 'product:all'],
  ])('are found: %s', (_, first, second) => {
    expect(warnings([first, REFRESH], [second, 'delete'])).toHaveLength(1);
  });
});

describe('a key that is too short to be flushed', () => {
  it('is warned about', () => {
    expect(warnings(['{id}:x', 'delete'])).toEqual([
      expect.stringMatching(/^3:38 rule `r0`: a flush of `\*:x` would reach keys of any beginning$/),
    ]);
    expect(warnings(['a{id}', 'delete'])).toHaveLength(1);
  });

  it('is fine when nothing flushes it, or the table decides how it begins', () => {
    expect(warnings(['{id}:x', 'delete', ', table_changes: ignore, flush_above_rows: never'])).toEqual([]);
    expect(warnings(['{@table}:{id}', 'delete'])).toEqual([]);
    expect(warnings(['{$prefix}{id}', 'delete'])).toEqual([]);
  });
});

it('is part of the rule set’s own warnings', () => {
  const { warnings: all } = rulesOf("rules:\n  - {name: r, table: shop.t, keys: ['{id}:x'], action: delete}\n");
  expect(all.map(({ message }) => message)).toContainEqual(expect.stringContaining('a flush of'));
});

it('keys that differ in fixed text, in their number of parts, or in what is fixed are never compared', () => {
  expect(
    warnings(['aaa:{id}:x', REFRESH], ['aaa:{id}:y', REFRESH], ['aaa:{id}', REFRESH], ['aaa:id:{x}', REFRESH]),
  ).toEqual([]);
});

it('thousands of rules take no second', () => {
  const rules = Array.from({ length: 3000 }, (_, index) => [`product:{id}:${index}`, REFRESH] as const);
  const text = rules
    .map(([key, action], index) => `  - {name: r${index}, table: shop.t, keys: ['${key}'], action: ${action}}\n`)
    .join('');
  const { rules: compiled, mentions } = rulesOf(`rules:\n${text}`);
  const begin = performance.now();
  expect(keyWarnings(compiled, mentions)).toEqual([]);
  expect(performance.now() - begin).toBeLessThan(1000);
});
