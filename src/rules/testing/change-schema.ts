import { z } from 'zod';
import { shown } from '../../runtime/config/shown.ts';
import { parsedBy, wrong, type Parsed } from '../schema/text-problem.ts';

/**
 * A change as people write it, in test files and after `sluice explain --change`:
 *
 *   {table: shop.products, insert: {id: 7, name: lamp}}
 *   {table: shop.products, update: {before: {id: 7, price: 5}, after: {price: 6}}}     `after`: what changed is enough
 *   {table: shop.products, delete: {id: 7, name: lamp}}
 *   {table: shop.products, truncate: true}            also drop, rename (one per name), alter
 *   {database: shop, drop: true}                      DROP DATABASE
 */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

export function parseTableName(text: string): Parsed<TableName> {
  const dot = text.indexOf('.');
  if (dot > 0 && dot < text.length - 1) return { ok: { database: text.slice(0, dot), table: text.slice(dot + 1) } };
  return wrong(0, `\`${shown(text)}\` is no table`, 'Write `database.table`, for example shop.products.');
}

const OPERATIONS = ['insert', 'update', 'delete', 'truncate', 'drop', 'rename', 'alter'] as const;

export const rowSchema = z.record(z.string(), z.unknown()).meta({
  description:
    'A row: column and value. NULL is `null`; numbers beyond 2^53 and texts that look like numbers in quotes.',
  examples: [{ id: 7, name: 'lamp', category_id: null }],
});

const tableChange = (statement: string) =>
  z
    .literal(true)
    .optional()
    .meta({ description: `\`true\`: ${statement}, a change of the table instead of its rows.`, examples: [true] });

export const changeSchema = z
  .strictObject({
    table: z
      .string()
      .transform(parsedBy(parseTableName))
      .optional()
      .meta({ description: 'The table that changes, as `database.table`.', examples: ['shop.products'] }),
    database: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'Instead of `table`, with `drop: true`: the whole database is dropped.',
        examples: ['shop'],
      }),
    insert: rowSchema
      .optional()
      .meta({ description: 'A row was inserted: its columns.', examples: [{ id: 7, name: 'lamp', price: '9.90' }] }),
    update: z
      .strictObject({
        before: rowSchema.meta({
          description: 'The row before the update.',
          examples: [{ id: 7, category_id: 5, price: '9.90' }],
        }),
        after: rowSchema.meta({
          description: 'What the update changed; every other column stays as it was.',
          examples: [{ category_id: 7 }],
        }),
      })
      .optional()
      .meta({
        description: 'A row was updated.',
        examples: [{ before: { id: 7, category_id: 5 }, after: { category_id: 7 } }],
      }),
    delete: rowSchema
      .optional()
      .meta({ description: 'A row was deleted: its columns.', examples: [{ id: 7, name: 'lamp' }] }),
    truncate: tableChange('TRUNCATE'),
    drop: tableChange('DROP TABLE'),
    rename: tableChange('RENAME, of the old or of the new name'),
    alter: tableChange('ALTER TABLE'),
  })
  .refine((change) => !isMapping(change) || OPERATIONS.filter((name) => change[name] !== undefined).length === 1, {
    message: 'needs exactly one of insert, update, delete, truncate, drop, rename and alter',
    params: { remedy: 'One entry is one change; several changes stand in a list under `transaction`.' },
    when: always,
  })
  .refine((change) => !isMapping(change) || (change.table === undefined) !== (change.database === undefined), {
    message: 'needs exactly one of `table` and `database`',
    params: { remedy: 'Write `table: database.table`; `database` alone only goes with `drop: true`.' },
    when: always,
  })
  .refine((change) => !isMapping(change) || change.database === undefined || change.drop === true, {
    message: 'only goes with `drop: true`',
    path: ['database'],
    params: { remedy: 'Write `table: database.table`.' },
    when: always,
  })
  .meta({ description: 'A change of one row, or of a table.', ...exactlyOne(OPERATIONS) });

export type WrittenChange = z.output<typeof changeSchema>;
export type WrittenRow = z.output<typeof rowSchema>;

/** For editors, which see the JSON Schema and not our checks. */
export function exactlyOne(names: readonly string[]): { oneOf: { required: string[] }[] } {
  return { oneOf: names.map((name) => ({ required: [name] })) };
}

/** A check with `when` also sees what failed before: anything at all. */
export function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function always(): boolean {
  return true;
}
