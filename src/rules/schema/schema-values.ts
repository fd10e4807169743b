import { z } from 'zod';
import { shown } from '../../runtime/config/shown.ts';
import { DURATION_HINT, parseDuration } from '../../runtime/config/units.ts';
import { parsedBy, wrong, type Parsed } from './text-problem.ts';

/** As the JSON Schema sees it; the parser is the judge. */
export const DURATION_PATTERN = '^\\s*(?!0+(\\.0+)?\\s*[a-z])\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)\\s*$';

export const columnName = z
  .string()
  .min(1, 'a column name cannot be empty')
  .meta({ description: 'The name of a column.', examples: ['price'] });

/** A duration of more than nothing, in ms. */
export const duration = z
  .string()
  .transform(parsedBy(positiveDuration))
  .meta({ description: 'A duration: 500ms, 10s, 5m, 2h or 7d.', pattern: DURATION_PATTERN, examples: ['30s'] });

/** The words that may stand for a time without end are told by whoever has one. */
export function positiveDuration(text: string, instead = ''): Parsed<number> {
  const ms = parseDuration(text);
  if (ms === undefined) return wrong(0, `\`${shown(text)}\` is no duration`, sentence(DURATION_HINT));
  return ms > 0 ? { ok: ms } : wrong(0, 'must be more than nothing', `Use a longer duration${instead}.`);
}

/** A whole number within bounds; one message for every way to be outside. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .int({ error: ({ code }) => (code === 'invalid_type' ? undefined : message) })
    .min(min, message)
    .max(max, message);
}

/** A mapping with nothing in it. One with only an unknown option is not empty: that is told by itself. */
export const notEmpty =
  (message: string) =>
  ({ value, issues }: z.core.ParsePayload<object>): void => {
    if (issues.length > 0 || Object.keys(value).length > 0) return;
    issues.push({ code: 'custom', message, input: value, path: [] });
  };

const sentence = (hint: string): string => `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`;

/** A check with `when: always` also sees what failed before: anything at all. */
export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** For checks across fields that are made beside other mistakes too. */
export function always(): boolean {
  return true;
}
