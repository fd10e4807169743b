import { z } from 'zod';
import { parseLookupQuery } from './lookup-query.ts';
import { DURATION_PATTERN, duration, wholeNumber } from './schema-values.ts';
import { tablePattern } from './table-schema.ts';
import { parsedBy } from './text-problem.ts';

export const lookupSchema = z
  .strictObject({
    query: z
      .string()
      .transform(parsedBy(parseLookupQuery))
      .meta({
        description:
          'One SELECT; `:column` is a value of the changed row. Its columns are `{lookup.name}` in the keys; several rows give several keys.',
        examples: ['SELECT customer_id FROM orders WHERE id = :order_id'],
      }),
    tables: z
      .array(tablePattern)
      .min(1, 'name at least one table')
      .meta({
        description:
          'Every table the query reads; of a view, the view and the tables below it. A row change there makes remembered answers forgotten.',
        examples: [['shop.orders']],
      }),
    cache: wholeNumber(0, 1_000_000)
      .default(10_000)
      .meta({ description: 'How many answers are remembered at most; 0: none.', examples: [10_000, 0] }),
    timeout: duration.prefault('5s').meta({
      description: 'How long one attempt of the query may take; it is repeated until it succeeds.',
      pattern: DURATION_PATTERN,
      examples: ['2s'],
    }),
  })
  .meta({
    description: 'A query for keys that need a join, run while the row is mapped. It sees the database as it is now.',
    examples: [{ query: 'SELECT customer_id FROM orders WHERE id = :order_id', tables: ['shop.orders'] }],
  });

export type ParsedLookup = z.output<typeof lookupSchema>;
