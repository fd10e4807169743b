import type { ChangeOrigin, FlushInvalidation, FlushReason } from '../../model/invalidation.ts';
import type { Version } from '../../model/version.ts';
import { flushPattern } from '../template/flush-pattern.ts';
import type { KeyTemplate } from '../template/key-template.ts';
import type { CompiledRule } from '../rule-set.ts';
import type { TableFacts } from '../template/template-facts.ts';

/** What to flush so that no key of some templates is left. */
export interface FlushPattern {
  readonly pattern: string;
  readonly versioned: boolean;
}

/** Why and since when. */
export interface FlushCause {
  readonly reason: FlushReason;
  readonly version: Version;
  readonly origin: ChangeOrigin;
}

/** Of every key a rule can give to rows of a table; without `facts`, to rows of any of its tables. */
export function patternsOf({ keys, versioned }: CompiledRule, facts?: Omit<TableFacts, 'epoch'>): FlushPattern[] {
  // Unknown counts as versioned: the safe side.
  return distinctPatterns(keys.map((key, i) => patternOf(key, versioned[i] ?? true, facts)));
}

export function patternOf(key: KeyTemplate, versioned: boolean, facts?: Omit<TableFacts, 'epoch'>): FlushPattern {
  return { pattern: flushPattern(key, facts), versioned };
}

/** Each pattern once; versioned if one of those that gave it is. */
export function distinctPatterns(patterns: readonly FlushPattern[]): FlushPattern[] {
  const distinct = new Map<string, FlushPattern>();
  for (const each of patterns) {
    if (distinct.get(each.pattern)?.versioned !== true) distinct.set(each.pattern, each);
  }
  return [...distinct.values()];
}

export function flushesOf(
  rule: string,
  patterns: readonly FlushPattern[],
  { reason, version, origin }: FlushCause,
): FlushInvalidation[] {
  return patterns.map(({ pattern, versioned }) => ({
    action: 'flush',
    key: pattern,
    partitionKey: rule,
    version,
    rule,
    origin,
    reason,
    versioned,
  }));
}
