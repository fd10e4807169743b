import type { ChangeOrigin, FlushInvalidation, FlushReason } from '../../model/invalidation.ts';
import type { Version } from '../../model/version.ts';
import { flushPattern } from '../template/flush-pattern.ts';
import type { CompiledRule } from '../rule-set.ts';
import type { TableFacts } from '../template/template-facts.ts';

/** Why and since when. */
export interface FlushCause {
  readonly reason: FlushReason;
  readonly version: Version;
  readonly origin: ChangeOrigin;
}

/** Of every key a rule can give to rows of a table; without `facts`, to rows of any of its tables. */
export function patternsOf({ keys }: CompiledRule, facts?: Omit<TableFacts, 'epoch'>): string[] {
  return keys.map((key) => flushPattern(key, facts));
}

/**
 * One flush for each pattern. Always versioned, also where no rule refreshes: the rules may have been others when what is still
 * under way was captured (a reload, a restart), and a flush that overtakes such a refresh would leave its old value behind.
 */
export function flushesOf(
  { name: rule, againAfterMs }: Pick<CompiledRule, 'name' | 'againAfterMs'>,
  patterns: readonly string[],
  { reason, version, origin }: FlushCause,
): FlushInvalidation[] {
  return [...new Set(patterns)].map((pattern) => ({
    action: 'flush',
    key: pattern,
    partitionKey: rule,
    version,
    rule,
    origin,
    reason,
    versioned: true,
    againAfterMs,
  }));
}
