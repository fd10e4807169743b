import { z } from 'zod';
import { AGAIN_AFTER_MS } from '../../model/invalidation.ts';
import { refreshSchema } from './refresh-schema.ts';
import { DURATION_PATTERN, always, isMapping, notEmpty, positiveDuration } from './schema-values.ts';
import { parsedBy, wrong, type Parsed } from './text-problem.ts';

/** Also how a test says what it expects. */
export const againAfter = z
  .string()
  .transform(parsedBy(parseAgainAfter))
  .meta({
    description: 'The key is deleted once more when so much time has passed: 100ms to 10m.',
    pattern: DURATION_PATTERN,
    examples: ['1s'],
  });

const deleteSchema = z.strictObject({ again_after: againAfter }).meta({
  description:
    'Deletes the key at once, and once more after `again_after`, for a value that an application read before the commit and stores late.',
  examples: [{ again_after: '1s' }],
});

const BOTH = 'is one of `delete` and `refresh`, not both';

/** What is done with a key: on every operation the rule is about, or on one of them. */
export const actionSchema = z
  .union([
    z.literal('delete'),
    z
      .strictObject({ delete: deleteSchema.optional(), refresh: refreshSchema.optional() })
      .check(notEmpty('names neither `delete` nor `refresh`'))
      .refine((action) => !isMapping(action) || action['delete'] === undefined || action['refresh'] === undefined, {
        message: BOTH,
        params: { remedy: 'Keep the one that is meant; `on` can name another for each of insert, update, delete.' },
        when: always,
      })
      .meta({ oneOf: [{ required: ['delete'] }, { required: ['refresh'] }] }),
  ])
  .meta({
    description: '`delete`, alone or with its option, or `refresh:` with its options.',
    examples: ['delete', { delete: { again_after: '1s' } }, { refresh: { row: true, ttl: '10m' } }],
  });

export type ParsedAction = z.output<typeof actionSchema>;

function parseAgainAfter(text: string): Parsed<number> {
  const parsed = positiveDuration(text);
  if (!('ok' in parsed)) return parsed;
  if (parsed.ok < AGAIN_AFTER_MS.min) return wrong(0, 'is shorter than 100ms', 'Write 100ms or more.');
  if (parsed.ok > AGAIN_AFTER_MS.max) return wrong(0, 'is longer than 10m', 'Write 10m or less.');
  return parsed;
}
