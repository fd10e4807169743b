import type { Clock } from './ports.ts';
import type { RuleSet } from './rules/rule-set.ts';
import type { AuditTrail } from './runtime/audit-trail.ts';
import type { Config } from './runtime/config/config.ts';
import type { Logger } from './runtime/logger.ts';
import type { Metrics } from './runtime/metrics.ts';
import type { Link } from './runtime/readiness.ts';

/** What every composition root is given. */
export interface Runtime {
  readonly config: Config;
  readonly ruleSet: RuleSet;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What a composition root hands back: something that runs, and the links that must work for it to be ready. */
export interface Daemon {
  readonly links: readonly Link[];
  /** Null when this process applies nothing. */
  readonly audit: AuditTrail | null;
  /** Runs until aborted and drained. */
  run(signal: AbortSignal): Promise<void>;
}
