import { z } from 'zod';
import { shown } from '../runtime/config/shown.ts';
import { parseDuration, DURATION_HINT } from '../runtime/config/units.ts';
import { parseKeyTemplate, parsePartitionKey } from './key-template.ts';
import { parseRefreshQuery } from './refresh-query.ts';
import { parseTablePattern } from './table-pattern.ts';
import { parsedBy, wrong, type Parsed } from './text-problem.ts';

/**
 * The rule file as a schema. Texts with a language of their own (templates, patterns, queries, durations) are parsed
 * right here, so one pass finds every mistake of a file. The descriptions are what docs and JSON Schema show.
 * Documented in docs/rules.md; cross-field checks carry `when`, so that they are made beside other mistakes too.
 */
const tablePattern = z
  .string()
  .transform(parsedBy(parseTablePattern))
  .describe(
    '`database.table`; a glob such as `shop_*.orders`; or a regular expression such as `/shop_\\d+\\.orders/`.',
  );

const columnName = z.string().min(1, 'a column name cannot be empty').describe('The name of a column.');

const duration = z.string().transform(parsedBy(parseTtl)).describe('A duration: 500ms, 10s, 5m, 2h or 7d.');

const refreshSchema = z
  .strictObject({
    query: z
      .string()
      .transform(parsedBy(parseRefreshQuery))
      .optional()
      .describe(
        'The value is what this SELECT gives when it is applied; `:column` is a value of the changed row. Instead of `row`.',
      ),
    row: z
      .union([z.literal(true), z.array(columnName).min(1, 'name at least one column, or write `row: true`')])
      .optional()
      .describe('The value is the changed row itself: `true` for all columns, or a list of some. Instead of `query`.'),
    store: z
      .enum(['json', 'hash'])
      .default('json')
      .describe('As one JSON string (`json`), or as a Redis hash (`hash`).'),
    ttl: z
      .string()
      .transform(parsedBy<number | null>((text) => (text === 'never' ? { ok: null } : parseTtl(text))))
      .prefault('never')
      .describe('When the entry expires: 500ms, 10s, 5m, 2h, 7d or `never`.'),
    jitter: z
      .string()
      .transform(parsedBy(parseShare))
      .prefault('0%')
      .describe('By how much the ttl varies to both sides, as in 10%, so that entries do not expire together.'),
    empty: z
      .strictObject({
        value: z.string().default('').describe('The marker that is stored. Text in quotes; "" by default.'),
        ttl: duration.describe('When the marker expires, for example 30s.'),
      })
      .optional()
      .describe('What the key holds while its row does not exist. Without it the key is deleted.'),
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
  });

const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9._-]+$/, 'only a-z, 0-9, dot, underscore and dash')
      .max(100, 'at most 100 characters')
      .describe('The unique name of the rule, in records, metrics and logs: a-z, 0-9, dot, underscore, dash.'),
    table: z
      .union([tablePattern, z.array(tablePattern).min(1, 'name at least one table')])
      .transform((tables) => (Array.isArray(tables) ? tables : [tables]))
      .describe('Which tables: `shop.orders`, a glob in quotes, a `/regular expression/`, or a list of these.'),
    on: z
      .array(z.enum(['insert', 'update', 'delete']).describe('A kind of row change.'))
      .min(1, 'name at least one of insert, update, delete')
      .default(['insert', 'update', 'delete'])
      .describe('Which row changes count: a list of insert, update, delete. All by default.'),
    columns: z
      .array(columnName)
      .min(1, 'name at least one column, or leave the option out')
      .optional()
      .describe(
        'An update counts only if one of these columns, or one in a key, changed. Without it every update counts.',
      ),
    keys: z
      .array(z.string().transform(parsedBy(parseKeyTemplate)).describe('A key template such as "product:{id}".'))
      .min(1, 'name at least one key')
      .describe('The cache keys, a list of templates such as "product:{id}"; each `{column}` is filled from the row.'),
    null_as: z
      .string()
      .min(1, 'cannot be empty: two different rows would share a key, or a key be empty')
      .optional()
      .describe('The text for a NULL in a key, in quotes. Without it such a key is skipped and counted.'),
    partition_key: z
      .string()
      .transform(parsedBy(parsePartitionKey))
      .optional()
      .describe(
        'A template: invalidations with the same partition key are applied in commit order. The cache key by default.',
      ),
    action: z
      .union([
        z.literal('delete'),
        z.strictObject({
          refresh: refreshSchema.describe('Stores the new value: `query` or `row`, with `store`, `ttl`, …'),
        }),
      ])
      .describe('`delete`, or `refresh:` with its options.'),
  })
  .refine(
    (rule) => !isMapping(rule) || rule.columns === undefined || !Array.isArray(rule.on) || rule.on.includes('update'),
    {
      message: 'only matters for updates, which `on` leaves out',
      path: ['columns'],
      params: { remedy: 'Remove `columns`, or add `update` to `on`.' },
      when: always,
    },
  );

export const ruleFileSchema = z
  .strictObject({
    rules: z.array(ruleSchema).min(1, 'has no rule').describe('The list of rules, looked at in this order.'),
  })
  .describe('A rule file begins with `rules:`, a list of rules.');

/** A rule as the schema delivers it: defaults filled in, texts parsed. */
export type ParsedRule = z.output<typeof ruleSchema>;
export type ParsedRefresh = z.output<typeof refreshSchema>;

function parseTtl(text: string): Parsed<number> {
  const ms = parseDuration(text);
  if (ms === undefined) return wrong(0, `\`${shown(text)}\` is no duration`, sentence(DURATION_HINT));
  return ms > 0 ? { ok: ms } : wrong(0, 'must be more than nothing', 'Use a longer duration, or `never` for none.');
}

function parseShare(text: string): Parsed<number> {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1];
  if (percent === undefined) return wrong(0, `\`${shown(text)}\` is no percentage`, 'Write a percentage, such as 10%.');
  const share = Number(percent) / 100;
  return share < 1 ? { ok: share } : wrong(0, 'must be less than 100%', 'Write a smaller percentage, such as 10%.');
}

const sentence = (hint: string): string => `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`;

/** A check with `when` also sees what failed before: anything at all. */
const isMapping = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function always(): boolean {
  return true;
}
