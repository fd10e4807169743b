import { z } from 'zod';
import { parseTablePattern } from '../table/table-pattern.ts';
import { parsedBy } from './text-problem.ts';

export const tablePattern = z
  .string()
  .transform(parsedBy(parseTablePattern))
  .meta({
    description:
      '`database.table`; a glob such as `shop_*.orders`; or a regular expression such as `/shop_\\d+\\.orders/`.',
    pattern: '^/.+/i?$|^(?!/)[^.\\s`\\[\\]{}()|^\\\\,%]+\\.[^.\\s`\\[\\]{}()|^\\\\,%]+$',
    examples: ['shop.orders', 'shop_*.orders', '/shop_(?<shard>\\d+)\\.orders/'],
  });

/** One or several; always a list when it is parsed. */
export const tablesSchema = z
  .union([tablePattern, z.array(tablePattern).min(1, 'name at least one table')])
  .transform((tables) => (Array.isArray(tables) ? tables : [tables]))
  .meta({
    description: 'Which tables: `shop.orders`, a glob in quotes, a `/regular expression/`, or a list of these.',
    examples: ['shop.orders', ['shop.orders', 'shop_*.orders']],
  });
