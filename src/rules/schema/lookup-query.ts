import { parseRefreshQuery, type RefreshQuery } from './refresh-query.ts';
import { wrong, type Parsed } from './text-problem.ts';

/**
 * The same language as a refresh query: one SELECT, values only as parameters. Without a parameter it would give the same
 * rows for every row; most often a `:name` then stands inside quotes, where it is text.
 */
export function parseLookupQuery(text: string): Parsed<RefreshQuery> {
  const parsed = parseRefreshQuery(text, 'The query of a lookup');
  if ('problems' in parsed || parsed.ok.parameters.length > 0) return parsed;
  return wrong(
    0,
    'names no column of the changed row',
    'Write `:column` where its value belongs, without quotes, as in `WHERE id = :order_id`.',
  );
}
