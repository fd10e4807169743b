/** Composition root 1: MySQL → decode → rules → a publisher; `sluice capture` publishes to Kafka. */
import type { Daemon, Runtime } from './daemon.ts';
import { hostname } from 'node:os';
import { RedisCheckpointStore } from './cache/redis-checkpoint-store.ts';
import { runCaptureLoop } from './capture-loop.ts';
import { EventDecoder } from './decode/event-decoder.ts';
import type { CheckpointStore, InvalidationPublisher } from './ports.ts';
import { FileCheckpointStore } from './progress/file-checkpoint-store.ts';
import { RuleEvaluator } from './rules/evaluate.ts';
import type { CheckpointConfig } from './runtime/config/config.ts';
import { supervise, type Task } from './runtime/supervise.ts';
import { MysqlChangeSource } from './source/mysql-change-source.ts';
import { deriveServerId } from './source/server-id.ts';
import { kafkaTransport } from './topics.ts';
import { KafkaCheckpointStore } from './transport/kafka-checkpoint-store.ts';
import { KafkaPublisher } from './transport/kafka-publisher.ts';

export function createCapture(runtime: Runtime): Daemon {
  const { config, clock, metrics } = runtime;
  const transport = kafkaTransport(config);
  const pipeline = config.name;
  const logger = runtime.logger.child({ component: 'transport' });
  const publisher = new KafkaPublisher({
    connection: transport,
    topic: transport.topic,
    partitions: transport.partitions,
    clock,
    logger,
    metrics,
    closeTimeoutMs: config.shutdown.drainTimeoutMs,
  });
  metrics.onScrape(() => metrics.set('sluice_queue_depth_records', { pipeline }, publisher.depth()));
  const store = createCheckpointStore({ config, clock, logger });
  const capture = captureTask(runtime, { pipeline, serverId: serverIdOf(runtime, pipeline), publisher, store });
  return {
    audit: null,
    links: [
      { gauge: 'sluice_source_connected', labels: { pipeline } },
      ...publisher.links.map((link) => ({ gauge: 'sluice_kafka_available', labels: { link } }) as const),
    ],
    run: async (signal) => {
      try {
        await supervise([capture], signal);
      } finally {
        await Promise.all([publisher.close(), store.close()]);
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
    // A chunk decoded ahead is enough to keep the pipeline busy; all that waits beyond it stays on the source.
    maxBufferedBytes: settings.maxChunkBytes,
    createDecoder: (from) => new EventDecoder({ from, maxChunkBytes: settings.maxChunkBytes }),
    clock,
    logger,
    metrics,
  });
  const evaluator = new RuleEvaluator({ ruleSet: runtime.ruleSet, metrics });
  return (signal) =>
    runCaptureLoop(
      {
        ...parts,
        source,
        evaluate: (changes, captureTimeMs) => evaluator.evaluate(changes, captureTimeMs),
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
