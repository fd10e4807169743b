import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../runtime/config/units.ts';

/** `--since 10m` (that long ago) or `--since 2026-01-31T12:00:00Z`, as ms since the epoch. */
export function parseSince(text: string): number {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return Date.now() - agoMs;
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs)) {
    throw new InvalidArgumentError('Use a duration such as 10m, or a time such as 2026-01-31T12:00:00Z.');
  }
  return timeMs;
}
