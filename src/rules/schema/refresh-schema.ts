import { z } from 'zod';
import { shown } from '../../runtime/config/shown.ts';
import { parseRefreshQuery } from './refresh-query.ts';
import { DURATION_PATTERN, always, columnName, duration, isMapping, positiveDuration } from './schema-values.ts';
import { parsedBy, wrong, type Parsed } from './text-problem.ts';

export const refreshSchema = z
  .strictObject({
    query: z
      .string()
      .transform(parsedBy(parseRefreshQuery))
      .optional()
      .meta({
        description:
          'The value is what this SELECT gives when it is applied; `:column` is a value of the changed row. Instead of `row`.',
        examples: ['SELECT id, name, price FROM products WHERE id = :id'],
      }),
    row: z
      .union([z.literal(true), z.array(columnName).min(1, 'name at least one column, or write `row: true`')])
      .optional()
      .meta({
        description:
          'The value is the changed row itself: `true` for all columns, or a list of some. Instead of `query`.',
        examples: [true, ['id', 'name', 'email']],
      }),
    store: z
      .enum(['json', 'hash'])
      .default('json')
      .meta({
        description: 'As one JSON string (`json`), or as a Redis hash (`hash`).',
        examples: ['json', 'hash'],
      }),
    ttl: z
      .string()
      .transform(
        parsedBy<number | null>((text) =>
          text === 'never' ? { ok: null } : positiveDuration(text, ', or `never` for none'),
        ),
      )
      .prefault('never')
      .meta({
        description: 'When the entry expires: 500ms, 10s, 5m, 2h, 7d or `never`.',
        pattern: `^never$|${DURATION_PATTERN}`,
        examples: ['10m', 'never'],
      }),
    jitter: z
      .string()
      .transform(parsedBy(parseShare))
      .prefault('0%')
      .meta({
        description: 'By how much the ttl varies to both sides, as in 10%, so that entries do not expire together.',
        pattern: '^\\s*0*\\d{1,2}(\\.\\d+)?\\s*%\\s*$',
        examples: ['10%'],
      }),
    empty: z
      .strictObject({
        value: z
          .string()
          .default('')
          .meta({ description: 'The marker that is stored. Text in quotes; "" by default.', examples: ['', 'none'] }),
        ttl: duration.meta({
          description: 'When the marker expires, for example 30s.',
          pattern: DURATION_PATTERN,
          examples: ['30s'],
        }),
      })
      .optional()
      .meta({
        description: 'What the key holds while its row does not exist. Without it the key is deleted.',
        examples: [{ value: '', ttl: '30s' }],
      }),
  })
  .refine((refresh) => !isMapping(refresh) || (refresh.query === undefined) !== (refresh.row === undefined), {
    message: 'needs exactly one of `query` and `row`',
    params: { remedy: 'Write `query: SELECT …` for a value from the database, or `row: true` for the changed row.' },
    when: always,
  })
  .refine((refresh) => !isMapping(refresh) || refresh.ttl !== null || refresh.jitter === 0, {
    message: 'varies a `ttl` that is not there',
    path: ['jitter'],
    params: { remedy: 'Add a `ttl`, or remove `jitter`.' },
  })
  .meta({
    description: 'Stores the new value: `query` or `row`, with `store`, `ttl`, …',
    oneOf: [{ required: ['query'] }, { required: ['row'] }],
    if: { required: ['jitter'], properties: { jitter: { not: { pattern: '^\\s*0+(\\.0+)?\\s*%' } } } },
    then: { required: ['ttl'], properties: { ttl: { not: { const: 'never' } } } },
    examples: [{ row: true, ttl: '10m' }],
  });

export type ParsedRefresh = z.output<typeof refreshSchema>;

function parseShare(text: string): Parsed<number> {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1];
  if (percent === undefined) return wrong(0, `\`${shown(text)}\` is no percentage`, 'Write a percentage, such as 10%.');
  const share = Number(percent) / 100;
  return share < 1 ? { ok: share } : wrong(0, 'must be less than 100%', 'Write a smaller percentage, such as 10%.');
}
