import type { LiveRules } from './live-rules/live-rules.ts';
import type { Clock, Lease } from './ports.ts';
import type { AuditTrail } from './runtime/audit-trail.ts';
import type { Config } from './runtime/config/config.ts';
import type { Logger } from './runtime/logger.ts';
import type { Metrics } from './runtime/metrics.ts';
import type { Link } from './runtime/readiness.ts';

/** What every composition root is given. */
export interface Runtime {
  readonly config: Config;
  /** Those in force; they may be others later. */
  readonly rules: LiveRules;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** What a composition root hands back: something that runs, and the links that must work for it to be ready. */
export interface Daemon {
  readonly links: readonly Link[];
  /** Other reasons why it is not ready: rules that do not fit their tables. */
  notReady?(): readonly string[];
  /** Of a command that only one process of a name may do. */
  readonly lease?: Lease;
  /** Null when this process applies nothing. */
  readonly audit: AuditTrail | null;
  /** Runs until aborted and drained. */
  run(signal: AbortSignal): Promise<void>;
}
