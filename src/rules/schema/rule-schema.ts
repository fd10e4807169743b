import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { constantsSchema } from './constants-schema.ts';
import { keysSchema, partitionKeySchema } from './key-schema.ts';
import { lookupSchema } from './lookup-schema.ts';
import { always, columnName, isMapping } from './schema-values.ts';
import { sharedOptions } from './shared-options.ts';
import { tablesSchema } from './table-schema.ts';

/** For the JSON Schema, as are all `if` and `then` below: what editors can tell of checks across fields. */
const ON_NAMES_ACTIONS = { required: ['on'], properties: { on: { type: 'object' } } };
const SAYS_WHAT_TO_DO = { anyOf: [{ required: ['action'] }, ON_NAMES_ACTIONS] };

/**
 * The rule file as a schema. Texts with a language of their own (templates, patterns, queries, conditions, durations) are
 * parsed right here, so one pass finds every mistake of a file. The descriptions are what docs and JSON Schema show.
 * Documented in docs/rules.md; cross-field checks carry `when`, so that they are made beside other mistakes too. What
 * needs more than one part of the file (constants, defaults) is checked in `check-references.ts`.
 */
export const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9._-]+$/, 'only a-z, 0-9, dot, underscore and dash')
      .max(100, 'at most 100 characters')
      .meta({
        description: 'The unique name of the rule, in records, metrics and logs: a-z, 0-9, dot, underscore, dash.',
        examples: ['product'],
      }),
    table: tablesSchema,
    columns: z
      .array(columnName)
      .min(1, 'name at least one column, or leave the option out')
      .optional()
      .meta({
        description:
          'An update counts only if one of these columns, or one in a key, changed. Without it every update counts.',
        examples: [['category_id', 'price']],
      }),
    when: conditionSchema.optional(),
    lookup: lookupSchema.optional(),
    keys: keysSchema,
    partition_key: partitionKeySchema.optional(),
    ...sharedOptions,
  })
  .refine((rule) => !isMapping(rule) || !isMapping(rule.on) || rule.action === undefined, {
    message: 'has no place beside an `on` that names actions',
    path: ['action'],
    params: { remedy: 'Remove it, or make `on` a list.', at: 'key' },
    when: always,
  })
  .refine((rule) => !isMapping(rule) || rule.columns === undefined || countsUpdates(rule.on), {
    message: 'only matters for updates, which `on` leaves out',
    path: ['columns'],
    params: { remedy: 'Remove `columns`, or add `update` to `on`.' },
    when: always,
  })
  .meta({
    description: 'When a row of these tables changes, these keys are touched, and this is done with them.',
    allOf: [
      { if: ON_NAMES_ACTIONS, then: { not: { required: ['action'] } } },
      {
        if: { required: ['columns', 'on'], properties: { on: { type: 'array' } } },
        then: { properties: { on: { contains: { const: 'update' } } } },
      },
      {
        if: { required: ['columns', 'on'], properties: { on: { type: 'object' } } },
        then: { properties: { on: { required: ['update'] } } },
      },
    ],
    examples: [{ name: 'product', table: 'shop.products', keys: ['product:{id}'], action: 'delete' }],
  });

export const defaultsSchema = z
  .strictObject(sharedOptions)
  .refine((defaults) => !isMapping(defaults) || !isMapping(defaults.on) || defaults.action === undefined, {
    message: 'has no place beside an `on` that names actions',
    path: ['action'],
    params: { remedy: 'Remove it, or make `on` a list.', at: 'key' },
    when: always,
  })
  .meta({
    description: 'What holds for every rule of this file that does not say otherwise.',
    if: ON_NAMES_ACTIONS,
    then: { not: { required: ['action'] } },
    examples: [{ action: 'delete', null_as: 'NULL' }],
  });

export const ruleFileSchema = z
  .strictObject({
    constants: constantsSchema.optional(),
    defaults: defaultsSchema.optional(),
    rules: z
      .array(ruleSchema)
      .min(1, 'has no rule')
      .meta({
        description: 'The list of rules, looked at in this order.',
        examples: [[{ name: 'product', table: 'shop.products', keys: ['product:{id}'], action: 'delete' }]],
      }),
  })
  .meta({
    description: 'A rule file: `rules:`, a list of rules; before it perhaps `constants:` and `defaults:`.',
    if: { not: { required: ['defaults'], properties: { defaults: SAYS_WHAT_TO_DO } } },
    then: { properties: { rules: { items: SAYS_WHAT_TO_DO } } },
  });

/** As written, texts parsed; what is left out is still left out. */
export type ParsedRule = z.output<typeof ruleSchema>;
export type ParsedDefaults = z.output<typeof defaultsSchema>;

/** Whatever is wrong with `on` by itself is told at `on`. */
export function countsUpdates(on: unknown): boolean {
  if (Array.isArray(on)) return on.includes('update');
  return !isMapping(on) || on['update'] !== undefined;
}
