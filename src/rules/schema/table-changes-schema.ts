import { z } from 'zod';
import { rowlessKeyText } from './key-schema.ts';
import { notEmpty } from './schema-values.ts';

const word = z.enum(['flush', 'epoch', 'ignore']);

const reaction = z
  .union([
    word,
    z.strictObject({
      delete: z
        .array(rowlessKeyText)
        .min(1, 'name at least one key')
        .meta({
          description: 'Keys without columns that are deleted then.',
          examples: [['products:all']],
        }),
    }),
  ])
  .meta({
    description:
      '`flush` removes every key of the rule, `epoch` raises `{@epoch}`, `ignore` does nothing; or `{delete: [keys]}`.',
    examples: ['flush', 'epoch', 'ignore', { delete: ['products:all'] }],
  });

const statement = (name: string) =>
  reaction.optional().meta({
    description: `What ${name} does to the keys of the rule; \`flush\` by default.`,
    examples: ['flush', 'ignore'],
  });

/** One word for every statement, or a mapping. What is not named is flushed. */
export const tableChangesSchema = z
  .union([
    word,
    z
      .strictObject({
        truncate: statement('TRUNCATE'),
        drop: statement('DROP TABLE or DROP DATABASE'),
        rename: statement('RENAME'),
        alter: statement('ALTER TABLE'),
      })
      .check(notEmpty('name at least one of truncate, drop, rename, alter'))
      .meta({ minProperties: 1 }),
  ])
  .meta({
    description:
      'What TRUNCATE, DROP, RENAME and ALTER of the table do to the keys of the rule: flush, epoch or ignore for all of them, or a mapping.',
    examples: ['flush', { truncate: 'flush', rename: 'ignore' }],
  });

export type ParsedReaction = z.output<typeof reaction>;
export type ParsedTableChanges = z.output<typeof tableChangesSchema>;
