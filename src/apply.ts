/** Composition root 2: a subscription → worker → Redis target; `sluice apply` subscribes to Kafka. */
import type { Daemon, Runtime } from './daemon.ts';
import { RedisCache } from './cache/redis-cache.ts';
import { RedisStartTrace } from './cache/redis-start-trace.ts';
import { RecordLosses } from './record-loss.ts';
import { tellRepairs } from './target-repairs.ts';
import { lossFlush, ownedPatterns } from './rules/evaluate/gap-flush.ts';
import type { Invalidation } from './model/invalidation.ts';
import type { Cache, DeadLetters, RowReader } from './ports.ts';
import { AuditTrail } from './runtime/audit-trail.ts';
import type { TargetConfig } from './runtime/config/config.ts';
import { DeadLetterLimit } from './runtime/dead-letter-limit.ts';
import { supervise } from './runtime/supervise.ts';
import { MysqlRowReader } from './source/row-reader.ts';
import { kafkaTransport } from './topics.ts';
import { KafkaDeadLetters } from './transport/kafka-dead-letters.ts';
import { KafkaSubscription } from './transport/kafka-subscription.ts';
import { RecordEncoder } from './transport/record-encoder.ts';
import { Worker } from './worker/worker.ts';

/** How many of the newest invalidations `sluice tail --since` can look back over, per process. */
const REMEMBERED_RECORDS = 10_000;

export function createApply(runtime: Runtime): Daemon {
  const { config, clock, metrics } = runtime;
  const transport = kafkaTransport(config);
  if (config.deadLetters.kind !== 'kafka') throw new Error('the Kafka transport keeps dead letters in a topic');
  const logger = runtime.logger.child({ component: 'transport' });
  // Records may come from a capture with other rules; those in force here show on the next scrape.
  const inForce = runtime.rules.follow(config.name, ({ hash }) => hash);
  metrics.onScrape(() => void inForce());
  const shared = {
    audit: createAudit(runtime),
    reader: createReader(runtime),
    deadLetters: new KafkaDeadLetters({
      connection: transport,
      topic: config.deadLetters.topic,
      clock,
      logger,
      metrics,
      closeTimeoutMs: config.shutdown.drainTimeoutMs,
    }),
  };
  const targets = config.targets.map((target) => {
    const cache = createCache(runtime, target);
    // A group for each target: a dead one stays behind alone.
    const group = `${transport.group}.${target.name}`;
    const trace = new RedisStartTrace({ ...target, pipeline: `group:${group}` });
    const subscription = new KafkaSubscription({
      ...transport.consumer,
      connection: transport,
      topic: transport.topic,
      partitions: transport.partitions,
      group,
      target: target.name,
      trace,
      drainTimeoutMs: config.shutdown.drainTimeoutMs,
      clock,
      logger,
      metrics,
    });
    const worker = createWorker(runtime, { ...shared, cache });
    return { cache, subscription, trace, worker, losses: createLosses(runtime, target.name, worker) };
  });
  return {
    audit: shared.audit,
    links: config.targets.flatMap(({ name }) => [
      { gauge: 'sluice_target_available', labels: { target: name } } as const,
      { gauge: 'sluice_kafka_available', labels: { link: `consumer.${name}` } } as const,
      { gauge: 'sluice_gap_flush_pending', labels: { pipeline: `${config.name}.${name}` } } as const,
    ]),
    run: async (signal) => {
      try {
        await supervise(
          targets.map(({ subscription, worker, losses }) => async (stop: AbortSignal) => {
            await worker.untilAvailable(stop);
            await subscription.run(losses.handle, stop);
          }),
          signal,
        );
      } finally {
        await Promise.all([
          shared.reader.close(),
          shared.deadLetters.close(),
          ...targets.flatMap(({ cache, trace }) => [cache.close(), trace.close()]),
        ]);
      }
    },
  };
}

export interface ApplyParts {
  readonly cache: Cache;
  readonly reader: RowReader;
  readonly deadLetters: DeadLetters;
  readonly audit: AuditTrail;
}

export function createWorker(runtime: Runtime, parts: ApplyParts): Worker {
  return new Worker({
    ...parts,
    plans: runtime.rules.planOf,
    letterLimit: new DeadLetterLimit(runtime.config.deadLetters.limits),
    clock: runtime.clock,
    logger: runtime.logger.child({ component: 'worker', target: parts.cache.name }),
    metrics: runtime.metrics,
    retry: runtime.config.apply.retry,
    maxSecondDeletes: runtime.config.apply.maxSecondDeletes,
    onApplied: (invalidations: readonly Invalidation[]) => parts.audit.record(invalidations),
  });
}

function createLosses(runtime: Runtime, target: string, { handle }: Worker): RecordLosses {
  const { config, rules, clock, metrics } = runtime;
  return new RecordLosses({
    pipeline: `${config.name}.${target}`,
    onGap: config.source.onGap,
    flush: (version) => {
      const { current } = rules;
      return lossFlush(current.rules, version, { captureTimeMs: clock.now(), ruleSet: current.hash });
    },
    handle,
    clock,
    logger: runtime.logger.child({ component: 'worker', target }),
    metrics,
  });
}

/** `permit` throws while this process may change nothing; `sluice apply` always may. */
export function createCache(runtime: Runtime, target: TargetConfig, permit: () => void = () => undefined): Cache {
  const { config, clock, rules } = runtime;
  const { versionTtlMs, flushKeysPerSecond } = config.apply;
  return new RedisCache({
    ...target,
    owner: `${config.name}.${target.name}`,
    versionTtlMs,
    flushKeysPerSecond,
    clock,
    permit,
    ownPatterns: () => ownedPatterns(rules.current.rules),
    onHistory: tellRepairs(runtime, target.name),
  });
}

/** Connects only when something is to be read, so it costs nothing while no rule reads; a reload may bring one that does. */
export function createReader({ config, clock }: Runtime): RowReader {
  return new MysqlRowReader({ ...config.read, clock });
}

export function createAudit({ config }: Runtime): AuditTrail {
  const encoder = new RecordEncoder();
  return new AuditTrail({
    encode: (invalidation) => encoder.encode(invalidation),
    keepRecords: REMEMBERED_RECORDS,
    ...(config.audit === null ? {} : { path: config.audit.path }),
  });
}
