/** What may be written about dead letters: where they are kept, and how many of them stop the line. */
import { z } from 'zod';
import { kafkaName, note, path } from './fields.ts';
import type { IssueHint } from './schema-problems.ts';

/** Null: never. */
type Limit = number | null;

const STREAK_HINT = 'use a whole number from 1 to 1000000000, or never';
const SHARE_HINT = 'use a percentage such as 10% or 0.5%, or never';

const streak = limit(STREAK_HINT, (text) => {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 1_000_000_000 ? count : undefined;
});

const share = limit(SHARE_HINT, (text) => {
  const percent = Number(/^(\d{1,3}(?:\.\d{1,6})?)\s*%$/.exec(text)?.[1] ?? NaN);
  return percent > 0 && percent <= 100 ? percent / 100 : undefined;
});

/** `parse` gives undefined for a text that is none. */
function limit(hint: string, parse: (text: string) => number | undefined) {
  return z.union([z.string(), z.number()]).transform((value, context): Limit => {
    const text = String(value).trim();
    if (text === 'never') return null;
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    const remedy = `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`;
    context.addIssue({ code: 'custom', message: 'not a limit', params: { remedy } satisfies IssueHint });
    return z.NEVER;
  });
}

export const deadLettersSchema = z
  .strictObject({
    path: path('JSONL file of dead letters (in-process transport).', 'state/dead-letters.jsonl'),
    topic: kafkaName('Topic of dead letters (Kafka transport).', '`<transport.topic>.dead-letters`'),
    max_streak: note(
      streak.prefault(1000),
      'So many dead letters one after another, of a target or of a capture, with nothing applied in between, stop the line: then it is not a record that is wrong but a rule or a server. Until something was applied after a start, a tenth of it.',
      { type: 'integer, 1 to 1000000000, or `never`', default: '1000' },
    ),
    max_share: note(
      share.prefault('10%'),
      'A greater share of dead letters in the last 10,000 invalidations (at least 1,000) stops the line.',
      { type: 'percentage or `never`', default: '10%' },
    ),
  })
  .prefault({})
  .describe('Where that is kept which can never be applied, with the reason, and when that is too much of it.');
