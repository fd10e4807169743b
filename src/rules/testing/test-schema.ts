import { z } from 'zod';
import { parsedBy } from '../schema/text-problem.ts';
import { always, changeSchema, exactlyOne, isMapping, rowSchema } from './change-schema.ts';
import { parseColumnType } from './column-types.ts';

/**
 * A file of rule tests (`*.test.yaml`, beside the rules; `sluice test` runs it, the rule loader passes it over):
 *
 *   rules: product.yaml         file, directory or glob, relative to this file; default: this file's name without `.test`
 *   environment: {PREFIX: t}    what `${PREFIX}` in the constants of the rules gives; nothing else is taken from outside
 *   tables:                     column types, for what depends on them (dates, JSON, decimals); without: values as written
 *     shop.products: {columns: {id: bigint unsigned, price: 'decimal(10,2)', tags: json}, primary_key: [id]}
 *   lookups:                    what the lookup queries find: rule → parameters and rows
 *     line: [{parameters: {order_id: 1}, rows: [{customer_id: 7}]}]
 *   tests:
 *     - name: a product that moves empties both lists
 *       change: {table: shop.products, update: {before: {id: 7, category_id: 5}, after: {category_id: 7}}}
 *       expect: [{delete: 'category:5:products'}, {delete: 'category:7:products', rule: lists}]
 *
 * Of a declared table, columns that a row does not give are NULL; of any other table there are only those given. Each test
 * is a transaction of its own. `expect` names everything that happens, in any order: a key that two rules delete stands
 * there twice. Versions count on from the highest of `epochs`: the first change has 1 without any, the next one 2.
 */
const typeText = z
  .string()
  .transform(parsedBy(parseColumnType))
  .describe('A column type as MySQL writes it: `bigint unsigned`, `varchar(100)`, `decimal(10,2)`, `json`, …');

const tableSchema = z
  .strictObject({
    columns: z.record(z.string(), typeText).describe('Column and type.'),
    primary_key: z.array(z.string()).default([]).describe('The columns of the primary key.'),
  })
  .describe('The columns of a table. Those that a row does not give are NULL.');

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const answerSchema = z.strictObject({
  parameters: z.record(z.string(), scalar).describe('The value of every parameter of the query.'),
  rows: z.array(z.record(z.string(), scalar)).describe('The rows that are found then; [] for none.'),
});

const ACTIONS = ['delete', 'refresh', 'flush', 'epoch', 'dead_letter'] as const;
export type ExpectedAction = (typeof ACTIONS)[number];

export const expectationSchema = z
  .strictObject({
    delete: z.string().optional().describe('This key is deleted.'),
    refresh: z.string().optional().describe('This key is refreshed.'),
    flush: z.string().optional().describe('Every key of this pattern is flushed, as in `product:*`.'),
    epoch: z.string().optional().describe('The epoch of this table (`database.table`) is raised.'),
    dead_letter: z.string().optional().describe('A row becomes a dead letter of this rule.'),
    rule: z.string().optional().describe('The rule that does it.'),
    partition_key: z.string().optional().describe('The partition key it travels with.'),
    row: z
      .union([z.literal('gone'), rowSchema])
      .optional()
      .describe('Of a refresh: the columns that travel, or `gone` when the row no longer has this key.'),
    reason: z.string().optional().describe('A part of the reason of a dead letter, or the reason of a flush.'),
  })
  .refine((one) => !isMapping(one) || ACTIONS.filter((name) => one[name] !== undefined).length === 1, {
    message: `needs exactly one of ${ACTIONS.join(', ')}`,
    params: { remedy: 'Write one entry for each thing that happens, such as `- delete: "product:7"`.' },
    when: always,
  })
  .refine((one) => !isMapping(one) || one.row === undefined || one.refresh !== undefined, {
    message: 'only goes with `refresh`',
    path: ['row'],
    params: { remedy: 'Remove it.' },
    when: always,
  })
  .refine(
    (one) => !isMapping(one) || one.reason === undefined || one.flush !== undefined || one.dead_letter !== undefined,
    {
      message: 'only goes with `dead_letter` and `flush`',
      path: ['reason'],
      params: { remedy: 'Remove it.' },
      when: always,
    },
  )
  .meta({ description: 'One thing that happens.', ...exactlyOne(ACTIONS) });

const epochsSchema = z
  .record(z.string(), z.int().min(1))
  .describe('Epochs that tables have at the beginning: `database.table` and version. Default: none was raised yet.');

const onlyOneOf = {
  message: 'needs exactly one of `change` and `transaction`',
  params: {
    remedy: 'Write `change:` for one change, `transaction:` for a list of changes that are committed together.',
  },
  when: always,
};

const happening = {
  change: changeSchema.optional().describe('What changes: one row, or one table.'),
  transaction: z
    .array(changeSchema)
    .min(1, 'has no change')
    .optional()
    .describe('Instead of `change`: several changes of one transaction, in order.'),
  epochs: epochsSchema.optional(),
};

const testSchema = z
  .strictObject({
    name: z.string().min(1, 'a test needs a name').describe('Says what should happen, in words.'),
    ...happening,
    expect: z.array(expectationSchema).describe('Everything that happens, in any order; [] for nothing.'),
  })
  .refine((test) => !isMapping(test) || (test.change === undefined) !== (test.transaction === undefined), onlyOneOf)
  .meta({ description: 'A change and what it must lead to.', ...exactlyOne(['change', 'transaction']) });

const surroundings = {
  environment: z
    .record(z.string(), z.string())
    .optional()
    .describe('Environment variables for `${…}` in the constants of the rules. No other is seen.'),
  tables: z
    .record(z.string(), tableSchema)
    .optional()
    .describe('Column types of tables, for filters and canonical texts. Default: values as they are written.'),
  lookups: z
    .record(z.string(), z.array(answerSchema))
    .optional()
    .describe('What lookups find: by rule, a list of parameters and rows.'),
};

export const ruleTestsSchema = z
  .strictObject({
    rules: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1, 'names no file')])
      .optional()
      .describe('The rules under test: a file, directory or glob, or a list of these, relative to this file.'),
    ...surroundings,
    tests: z.array(testSchema).min(1, 'has no test').describe('The tests. Each stands for itself.'),
  })
  .describe('Tests of a rule file: for a change of a row, what must happen to which cache keys.');

/** What `sluice explain --change` takes when a change alone does not say enough. */
export const explainedChangeSchema = z
  .strictObject({ ...happening, tables: surroundings.tables, lookups: surroundings.lookups })
  .refine((test) => !isMapping(test) || (test.change === undefined) !== (test.transaction === undefined), onlyOneOf);

export type WrittenTests = z.output<typeof ruleTestsSchema>;
export type WrittenTest = z.output<typeof testSchema>;
export type WrittenTables = NonNullable<WrittenTests['tables']>;
export type WrittenLookups = NonNullable<WrittenTests['lookups']>;
export type WrittenExpectation = z.output<typeof expectationSchema>;
