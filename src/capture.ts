/** Composition root 1: MySQL → decode → rules → a publisher; `sluice capture` publishes to Kafka. */
import type { Daemon, Runtime } from './daemon.ts';
import { hostname } from 'node:os';
import { RedisCheckpointStore } from './cache/redis-checkpoint-store.ts';
import { runCaptureLoop } from './capture/loop.ts';
import { BinlogDecoder } from './decode/binlog-decoder.ts';
import { createActiveCapture } from './capture/active.ts';
import type { CheckpointStore, DeadLetters, InvalidationPublisher, Lease, RowLookup, StartTrace } from './ports.ts';
import { FileCheckpointStore } from './progress/file-checkpoint-store.ts';
import { assertHeld } from './progress/lease-guard.ts';
import { underLease } from './progress/under-lease.ts';
import { BrokenRules } from './rules/evaluate/broken-rules.ts';
import { RuleEvaluator } from './rules/evaluate/evaluate.ts';
import type { CheckpointConfig } from './runtime/config/config.ts';
import { DeadLetterLimit } from './runtime/dead-letter-limit.ts';
import type { Task } from './runtime/supervise.ts';
import { MysqlChangeSource } from './source/mysql-change-source.ts';
import { MysqlRowLookup } from './source/row-lookup.ts';
import { deriveServerId } from './source/server-id.ts';
import { kafkaTransport } from './topics.ts';
import { KafkaCheckpointStore } from './transport/kafka-checkpoint-store.ts';
import { KafkaDeadLetters } from './transport/kafka-dead-letters.ts';
import { KafkaPublisher } from './transport/kafka-publisher.ts';
import { KafkaStartTrace } from './transport/kafka-start-trace.ts';

export function createCapture(runtime: Runtime): Daemon {
  const { config, clock, metrics } = runtime;
  const transport = kafkaTransport(config);
  if (config.deadLetters.kind !== 'kafka') throw new Error('the Kafka transport keeps dead letters in a topic');
  const pipeline = config.name;
  const logger = runtime.logger.child({ component: 'transport' });
  const { lease, claimed } = createActiveCapture(runtime);
  const publisher = new KafkaPublisher({
    connection: transport,
    topic: transport.topic,
    partitions: transport.partitions,
    clock,
    logger,
    metrics,
    closeTimeoutMs: config.shutdown.drainTimeoutMs,
    permit: () => assertHeld(lease),
  });
  metrics.onScrape(() => metrics.set('sluice_queue_depth_records', { pipeline }, publisher.depth()));
  const store = claimed(createCheckpointStore({ config, clock, logger }));
  const deadLetters = new KafkaDeadLetters({
    connection: transport,
    topic: config.deadLetters.topic,
    clock,
    logger,
    metrics,
    closeTimeoutMs: config.shutdown.drainTimeoutMs,
  });
  const lookup = createLookup(runtime);
  const brokenRules = new BrokenRules(metrics);
  const serverId = serverIdOf(runtime, pipeline);
  const trace = new KafkaStartTrace({ connection: transport, topic: transport.topic, logger });
  const parts = { pipeline, serverId, publisher, store, trace, deadLetters, lookup, brokenRules, lease };
  const capture = captureTask(runtime, parts);
  return {
    lease,
    audit: null,
    links: [
      { gauge: 'sluice_source_connected', labels: { pipeline } },
      { gauge: 'sluice_gap_flush_pending', labels: { pipeline } },
      ...publisher.links.map((link) => ({ gauge: 'sluice_kafka_available', labels: { link } }) as const),
    ],
    notReady: () => brokenRules.reasons(),
    run: async (signal) => {
      try {
        await underLease(lease, [capture], signal);
      } finally {
        await Promise.all([publisher.close(), deadLetters.close(), lookup.close(), store.close()]);
        // Last: whoever is next begins at once.
        await lease.close();
      }
    },
  };
}

export interface CaptureParts {
  /** Names the pipeline in logs and metrics. */
  readonly pipeline: string;
  readonly serverId: number;
  readonly publisher: InvalidationPublisher;
  readonly store: CheckpointStore;
  readonly trace: StartTrace;
  readonly deadLetters: DeadLetters;
  readonly lookup: RowLookup;
  /** Of the whole process: pipelines with the same rules find the same mistakes. */
  readonly brokenRules: BrokenRules;
  /** Of the whole process: without it no dump is asked for. */
  readonly lease: Lease;
}

/** One capture as a task: joins the source, evaluates the rules, publishes, keeps the checkpoint. */
export function captureTask(runtime: Runtime, parts: CaptureParts): Task {
  const { config, clock, metrics } = runtime;
  const { source: settings, transport } = config;
  const logger = runtime.logger.child({ component: 'capture', pipeline: parts.pipeline });
  const source = new MysqlChangeSource({
    ...settings,
    pipeline: parts.pipeline,
    serverId: parts.serverId,
    permit: (signal) => parts.lease.acquire(signal),
    // A chunk decoded ahead is enough to keep the pipeline busy; all that waits beyond it stays on the source.
    maxBufferedBytes: settings.maxChunkBytes,
    createDecoder: (from, { lowerCaseNames, onFile }) =>
      new BinlogDecoder({
        from,
        maxChunkBytes: settings.maxChunkBytes,
        maxHeldBytes: settings.maxXaBytes,
        lowerCaseNames,
        onFile,
      }),
    clock,
    logger,
    metrics,
  });
  // Asked anew when a transaction has ended: that is where reloaded rules take over.
  const evaluator = runtime.rules.follow(parts.pipeline, (ruleSet) => {
    const brokenTables = parts.brokenRules.begin(parts.pipeline, ruleSet);
    return new RuleEvaluator({ ruleSet, metrics, clock, lookup: parts.lookup, brokenTables, logger });
  });
  return (signal) =>
    runCaptureLoop(
      {
        ...parts,
        source,
        letterLimit: new DeadLetterLimit(config.deadLetters.limits),
        evaluator,
        onGap: settings.onGap,
        bridge: (gap) => evaluator().bridge(gap, clock.now()),
        restate: (epochs, at) => evaluator().restate(epochs, at, clock.now()),
        checkpointIntervalMs: config.checkpoint.intervalMs,
        firstStart: async (abort) => ({
          position: await source.locate(settings.start, abort),
          lastVersion: 0,
        }),
        maxInFlight: { batches: transport.maxInFlightBatches, bytes: transport.maxInFlightBytes },
        drainTimeoutMs: config.shutdown.drainTimeoutMs,
        clock,
        logger,
        metrics,
      },
      signal,
    );
}

/** Configured (the next pipelines of the same process count on from there), or derived from pipeline and host. */
export function serverIdOf({ config }: Pick<Runtime, 'config'>, pipeline: string, index = 0): number {
  return config.source.serverId === null ? deriveServerId(pipeline, hostname()) : config.source.serverId + index;
}

/** Connects only when a rule looks something up. */
export function createLookup({ config, clock }: Runtime): RowLookup {
  return new MysqlRowLookup({ ...config.read, clock });
}

/** That of `sluice capture`. */
export function createCheckpointStore({
  config,
  clock,
  logger,
}: Pick<Runtime, 'config' | 'clock' | 'logger'>): CheckpointStore {
  const { checkpoint, name } = config;
  if (checkpoint.store !== 'kafka') return localCheckpointStore(checkpoint, null);
  return new KafkaCheckpointStore({
    connection: kafkaTransport(config),
    topic: checkpoint.topic,
    name,
    clock,
    logger,
  });
}

/** `part` tells the checkpoints of several pipelines of one process apart. */
export function localCheckpointStore(
  config: Exclude<CheckpointConfig, { store: 'kafka' }>,
  part: string | null,
): CheckpointStore {
  if (config.store === 'redis') {
    return new RedisCheckpointStore({
      address: config.address,
      key: part === null ? config.key : `${config.key}:${part}`,
      commandTimeoutMs: 5_000,
    });
  }
  return new FileCheckpointStore({ path: part === null ? config.path : withPart(config.path, part) });
}

/** `state/checkpoint.json` → `state/checkpoint.main.json`. */
function withPart(path: string, part: string): string {
  return path.replace(/(\.[^./]*)?$/, (extension) => `.${part}${extension}`);
}
