import { z } from 'zod';
import { againAfter } from '../schema/action-schema.ts';
import { parsedBy } from '../schema/text-problem.ts';
import { always, changeSchema, exactlyOne, isMapping, parseTableName, rowSchema } from './change-schema.ts';
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
 * Columns that a row does not give are NULL: of a declared table those that are declared, of any other table those that another
 * row or a rule names. So a rule can only miss a column (RULE_COLUMN_MISSING) of a declared table. Each test
 * is a transaction of its own. `expect` names everything that happens, in any order: a key that two rules delete stands
 * there twice. Versions count on from the highest of `epochs`: the first change has 1 without any, the next one 2.
 */
const typeText = z
  .string()
  .transform(parsedBy(parseColumnType))
  .meta({
    description: 'A column type as MySQL writes it: `bigint unsigned`, `varchar(100)`, `decimal(10,2)`, `json`, …',
    examples: ['bigint unsigned', 'varchar(100)', 'decimal(10,2)', 'json'],
  });

const tableSchema = z
  .strictObject({
    columns: z.record(z.string(), typeText).meta({
      description: 'Column and type.',
      examples: [{ id: 'bigint unsigned', price: 'decimal(10,2)', tags: 'json' }],
    }),
    primary_key: z
      .array(z.string())
      .default([])
      .meta({ description: 'The columns of the primary key.', examples: [['id']] }),
  })
  .describe('The columns of a table. Those that a row does not give are NULL.');

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const answerSchema = z.strictObject({
  parameters: z
    .record(z.string(), scalar)
    .meta({ description: 'The value of every parameter of the query.', examples: [{ order_id: 10 }] }),
  rows: z
    .array(z.record(z.string(), scalar))
    .meta({ description: 'The rows that are found then; [] for none.', examples: [[{ customer_id: 3 }], []] }),
});

const ACTIONS = ['delete', 'refresh', 'flush', 'epoch', 'dead_letter'] as const;
export type ExpectedAction = (typeof ACTIONS)[number];

export const expectationSchema = z
  .strictObject({
    delete: z
      .string()
      .optional()
      .meta({ description: 'This key is deleted.', examples: ['product:7'] }),
    refresh: z
      .string()
      .optional()
      .meta({ description: 'This key is refreshed.', examples: ['card:7'] }),
    flush: z
      .string()
      .optional()
      .meta({ description: 'Every key of this pattern is flushed, as in `product:*`.', examples: ['product:*'] }),
    epoch: z
      .string()
      .optional()
      .meta({ description: 'The epoch of this table (`database.table`) is raised.', examples: ['shop.products'] }),
    dead_letter: z
      .string()
      .optional()
      .meta({ description: 'A row becomes a dead letter of this rule.', examples: ['product'] }),
    rule: z
      .string()
      .optional()
      .meta({ description: 'The rule that does it.', examples: ['category-lists'] }),
    partition_key: z
      .string()
      .optional()
      .meta({ description: 'The partition key it travels with.', examples: ['7'] }),
    again_after: againAfter.optional().meta({
      description: 'Of a delete or a flush: it is done once more when so much time has passed.',
      examples: ['1s'],
    }),
    row: z
      .union([z.literal('gone'), rowSchema])
      .optional()
      .meta({
        description: 'Of a refresh: the columns that travel, or `gone` when the row no longer has this key.',
        examples: ['gone', { id: 7, name: 'lamp' }],
      }),
    reason: z
      .string()
      .optional()
      .meta({
        description: 'A part of the reason of a dead letter, or the reason of a flush.',
        examples: ['RULE_TOO_MANY_KEYS', 'table_changed'],
      }),
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
    (one) => !isMapping(one) || one.again_after === undefined || one.delete !== undefined || one.flush !== undefined,
    {
      message: 'only goes with `delete` and `flush`',
      path: ['again_after'],
      params: { remedy: 'Remove it.' },
      when: always,
    },
  )
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

const epoch = z
  .int('an epoch is a whole number')
  .refine((value) => value >= 1, {
    message: 'an epoch is a version, 1 or more',
    params: { remedy: 'Write a number such as 4242, or leave the table out: then its epoch was never raised.' },
  })
  .meta({ minimum: 1 });

const epochsSchema = z
  .record(z.string(), epoch)
  .superRefine((epochs, context) => {
    for (const name of Object.keys(epochs)) {
      const parsed = parseTableName(name);
      if ('ok' in parsed) continue;
      for (const { message, remedy } of parsed.problems) {
        context.addIssue({ code: 'custom', path: [name], message, params: { remedy } });
      }
    }
  })
  .meta({
    description:
      'Epochs that tables have at the beginning: `database.table` and version. Default: none was raised yet.',
    examples: [{ 'shop.products': 4242 }],
  });

const onlyOneOf = {
  message: 'needs exactly one of `change` and `transaction`',
  params: {
    remedy: 'Write `change:` for one change, `transaction:` for a list of changes that are committed together.',
  },
  when: always,
};

const happening = {
  change: changeSchema.optional().meta({
    description: 'What changes: one row, or one table.',
    examples: [{ table: 'shop.products', delete: { id: 7, category_id: 5 } }],
  }),
  transaction: z
    .array(changeSchema)
    .min(1, 'has no change')
    .optional()
    .meta({
      description: 'Instead of `change`: several changes of one transaction, in order.',
      examples: [
        [
          { table: 'shop.products', delete: { id: 7, category_id: 5 } },
          { table: 'shop.tags', truncate: true },
        ],
      ],
    }),
  epochs: epochsSchema.optional(),
};

/** One test by itself, to find mistakes of its values although the file is wrong elsewhere. */
export const testSchema = z
  .strictObject({
    name: z
      .string()
      .min(1, 'a test needs a name')
      .meta({
        description: 'Says what should happen, in words.',
        examples: ['a product that moves empties both lists'],
      }),
    ...happening,
    expect: z.array(expectationSchema).meta({
      description: 'Everything that happens, in any order; [] for nothing.',
      examples: [[{ delete: 'product:7' }, { delete: 'category:5:products', rule: 'category-lists' }], []],
    }),
  })
  .refine((test) => !isMapping(test) || (test.change === undefined) !== (test.transaction === undefined), onlyOneOf)
  .meta({ description: 'A change and what it must lead to.', ...exactlyOne(['change', 'transaction']) });

export const tablesSchema = z.record(z.string(), tableSchema).meta({
  description:
    'Column types of tables, for filters and canonical texts. Default: values as they are written, and NULL for every other column that a rule names. A rule can only miss a column of a table that stands here.',
  examples: [{ 'shop.products': { columns: { id: 'bigint unsigned', price: 'decimal(10,2)' }, primary_key: ['id'] } }],
});

const surroundings = {
  environment: z
    .record(z.string(), z.string())
    .optional()
    .meta({
      description: 'Environment variables for `${…}` in the constants of the rules. No other is seen.',
      examples: [{ CACHE_PREFIX: 'shop' }],
    }),
  tables: tablesSchema.optional(),
  lookups: z
    .record(z.string(), z.array(answerSchema))
    .optional()
    .meta({
      description: 'What lookups find: by rule, a list of parameters and rows.',
      examples: [{ line: [{ parameters: { order_id: 10 }, rows: [{ customer_id: 3 }] }] }],
    }),
};

export const ruleTestsSchema = z
  .strictObject({
    rules: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1, 'names no file')])
      .optional()
      .meta({
        description: 'The rules under test: a file, directory or glob, or a list of these, relative to this file.',
        examples: ['rules.yaml', ['shop/*.yaml', 'users.yaml']],
      }),
    ...surroundings,
    tests: z
      .array(testSchema)
      .min(1, 'has no test')
      .meta({
        description: 'The tests. Each stands for itself.',
        examples: [
          [
            {
              name: 'a deleted product',
              change: { table: 'shop.products', delete: { id: 7, category_id: 5 } },
              expect: [{ delete: 'product:7' }],
            },
          ],
        ],
      }),
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
