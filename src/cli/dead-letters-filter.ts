import type { Command } from 'commander';
import { matchesGlob } from '../runtime/glob.ts';
import type { KeptLetter } from '../transport/dead-letter-decoder.ts';
import type { StoredLetter } from '../transport/letter-log.ts';
import { parseCount } from './history-flags.ts';
import { parseSince } from './since.ts';

/** Which letters a command is about; everything given must match. */
export interface LetterFlags {
  readonly config?: string;
  readonly rule?: string;
  readonly key?: string;
  readonly since?: number;
  readonly limit?: number;
}

export function addLetterOptions(command: Command, limit: string): Command {
  return command
    .option('-c, --config <file>', 'configuration: says where the dead letters are')
    .option('--rule <name>', 'only letters of this rule')
    .option('--key <glob>', 'only letters of these cache keys')
    .option('--since <time>', 'only letters kept since: 10m, or 2026-01-31T12:00:00Z', parseSince)
    .option('--limit <n>', limit, parseCount);
}

/** A damaged letter tells nothing, so it only matches where nothing is asked for. */
export function matchesLetter({ letter }: StoredLetter, { rule, key, since }: LetterFlags): boolean {
  if (letter === null) return rule === undefined && key === undefined && since === undefined;
  if (rule !== undefined && ruleOf(letter) !== rule) return false;
  if (key !== undefined && !matchesGlob(key, keyOf(letter) ?? '')) return false;
  return since === undefined || letter.keptAtMs >= since;
}

/** Null: nobody could read it. */
export function ruleOf({ content }: KeptLetter): string | null {
  if (content.kind === 'raw') return null;
  return content.kind === 'record' ? content.invalidation.rule : content.rule;
}

/** Null: it was never built, or could not be read. */
export function keyOf({ content }: KeptLetter): string | null {
  return content.kind === 'record' ? content.invalidation.key : null;
}
