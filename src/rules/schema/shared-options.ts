import { z } from 'zod';
import type { Operation } from '../../model/row-change.ts';
import { actionSchema } from './action-schema.ts';
import { notEmpty, wholeNumber } from './schema-values.ts';
import { tableChangesSchema } from './table-changes-schema.ts';

/** In the order in which everything that has one thing per operation is written down. */
export const OPERATIONS = ['insert', 'update', 'delete'] as const satisfies readonly Operation[];

const onSchema = z.union([
  z
    .array(z.enum(OPERATIONS).meta({ description: 'A kind of row change.', examples: ['insert'] }))
    .min(1, 'name at least one of insert, update, delete'),
  z
    .strictObject({
      insert: actionSchema.optional().meta({ description: 'What an insert does.', examples: ['delete'] }),
      update: actionSchema.optional().meta({ description: 'What an update does.', examples: ['delete'] }),
      delete: actionSchema.optional().meta({ description: 'What a delete does.', examples: ['delete'] }),
    })
    .check(notEmpty('name at least one of insert, update, delete'))
    .meta({ minProperties: 1 }),
]);

/** What may stand in a rule, and in `defaults` for every rule of the file that does not say otherwise. */
export const sharedOptions = {
  on: onSchema.optional().meta({
    description:
      'Which row changes count: a list of insert, update, delete (all by default); or a mapping from these to what each does, instead of `action`.',
    examples: [['insert', 'update'], { insert: 'delete', update: { refresh: { row: true } }, delete: 'delete' }],
  }),
  null_as: z
    .string()
    .min(1, 'cannot be empty: two different rows would share a key, or a key be empty')
    .optional()
    .meta({
      description: 'The text for a NULL in a key, in quotes. Without it such a key is skipped and counted.',
      examples: ['NULL', 'guest'],
    }),
  action: actionSchema.optional().meta({
    description: '`delete`, alone or with its option, or `refresh:` with its options.',
    examples: ['delete', { delete: { again_after: '1s' } }, { refresh: { row: true, ttl: '10m' } }],
  }),
  max_keys: wholeNumber(1, 1000)
    .optional()
    .meta({
      description: 'How many keys one row may give; with more the row is a dead letter. 100 by default.',
      examples: [100],
    }),
  flush_above_rows: z
    .union([z.literal('never'), wholeNumber(1, 1_000_000_000)])
    .optional()
    .meta({
      description:
        'More matching rows than this in one transaction are one flush of the rule instead of a key each; or `never`. 100000 by default.',
      examples: [100_000, 'never'],
    }),
  table_changes: tableChangesSchema.optional(),
};

export type ParsedOn = z.output<typeof onSchema>;
