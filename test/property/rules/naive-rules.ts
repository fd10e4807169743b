/** Rules as plain data, and what they mean, written down once more in the most obvious way. */
import fc from 'fast-check';
import type { Row, RowChange } from '../../../src/model/row-change.ts';

export const COLUMNS = ['a', 'b', 'c'] as const;
type ColumnName = (typeof COLUMNS)[number];

/** Fixed text, a column, or the elements of a column that is a list with commas. */
type Piece = string | { readonly column: ColumnName; readonly list: boolean };

interface NaiveRule {
  readonly name: string;
  readonly on: readonly ('insert' | 'update' | 'delete')[];
  readonly columns: readonly ColumnName[] | null;
  /** The row counts if this column of the after image is this text. */
  readonly when: { readonly column: ColumnName; readonly text: string } | null;
  readonly keys: readonly (readonly Piece[])[];
  readonly nullAs: string | null;
  readonly maxKeys: number;
}

const column = fc.constantFrom(...COLUMNS);
// Small, so that keys of different templates and rows often meet.
const text = fc.constantFrom('x', 'y', 'x,y', 'y,z,x', 'x,x', 'y,');
const piece: fc.Arbitrary<Piece> = fc.oneof(fc.constantFrom('-', ':'), fc.record({ column, list: fc.boolean() }));

export const naiveRules: fc.Arbitrary<NaiveRule[]> = fc
  .array(
    fc.record({
      on: fc.uniqueArray(fc.constantFrom('insert' as const, 'update' as const, 'delete' as const), { minLength: 1 }),
      columns: fc.option(fc.uniqueArray(column, { minLength: 1 }), { freq: 1 }),
      when: fc.option(fc.record({ column, text }), { freq: 1 }),
      keys: fc.array(
        fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces): Piece[] => ['key', ...pieces]),
        { minLength: 1, maxLength: 3 },
      ),
      nullAs: fc.option(fc.constantFrom('NULL', 'x'), { freq: 1 }),
      maxKeys: fc.integer({ min: 1, max: 6 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((rules) => rules.map((rule, i) => ({ ...rule, name: `rule${i}` })));

const row: fc.Arbitrary<Row> = fc.record({
  a: fc.option(text),
  b: fc.option(text),
  c: fc.option(text),
});
export const images: fc.Arbitrary<[Row | null, Row | null]> = fc.oneof(
  fc.tuple(fc.constant(null), row),
  fc.tuple(row, fc.constant(null)),
  fc.tuple(row, row),
  row.map((same): [Row, Row] => [same, { ...same }]),
);

/** `more`: options for every rule; `begin`: what each key begins with. */
export function asRuleFile(rules: readonly NaiveRule[], more: object = {}, begin = ''): string {
  const options = rules.map(({ name, on, columns, when, keys, nullAs, maxKeys }) => ({
    name,
    table: 'shop.t',
    on,
    keys: keys.map((pieces) => begin + pieces.map(asText).join('')),
    action: 'delete',
    max_keys: maxKeys,
    ...(columns === null ? {} : { columns }),
    ...(when === null ? {} : { when: `after.${when.column} == "${when.text}"` }),
    ...(nullAs === null ? {} : { null_as: nullAs }),
    ...more,
  }));
  return JSON.stringify({ rules: options });
}

function asText(each: Piece): string {
  if (typeof each === 'string') return each;
  return each.list ? `{${each.column} | split(",")}` : `{${each.column}}`;
}

/** `rule key` of every invalidation in its order; `rule !` for a dead letter. */
export function naiveKeys(rules: readonly NaiveRule[], { operation, before, after }: RowChange): string[] {
  return rules.flatMap((rule) => {
    if (!rule.on.includes(operation) || !naiveCounts(rule, before, after)) return [];
    const [old, now] = [before, after].map((image) => [
      ...new Set(image === null ? [] : rule.keys.flatMap((pieces) => keysOfRow(rule, pieces, image))),
    ]);
    if (old === undefined || now === undefined) return [];
    if (old.length > rule.maxKeys || now.length > rule.maxKeys) return [`${rule.name} !`];
    return [...old.filter((key) => !now.includes(key)), ...now].map((key) => `${rule.name} ${key}`);
  });
}

function naiveCounts({ columns, keys, when }: NaiveRule, before: Row | null, after: Row | null): boolean {
  if (when !== null && (after === null || after[when.column] !== when.text)) return false;
  if (columns === null || before === null || after === null) return true;
  const used = keys.flat().flatMap((each) => (typeof each === 'string' ? [] : [each.column]));
  return [...columns, ...used].some((name) => before[name] !== after[name]);
}

function keysOfRow({ nullAs }: NaiveRule, pieces: readonly Piece[], image: Row): string[] {
  let keys = [''];
  for (const each of pieces) {
    let texts: (string | null)[];
    if (typeof each === 'string') texts = [each];
    else {
      const value = image[each.column] as string | null;
      texts = value !== null && each.list ? value.split(',') : [value];
    }
    const known = texts.map((part) => part ?? nullAs).filter((part) => part !== null);
    keys = keys.flatMap((key) => known.map((part) => key + part));
  }
  return keys;
}
