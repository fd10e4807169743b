import type { BatchHandler, Clock, InvalidationSubscription, StartTrace } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { ConsumerSession, HandlerFailure } from './kafka-consumer-session.ts';
import { classifyKafkaError, describeKafkaError } from './kafka-errors.ts';

export interface KafkaSubscriptionOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Partitions of the topic: as many batches are handled side by side, should this be the only member. */
  readonly partitions: number;
  /** One consumer group per target. Members of a group share the partitions. */
  readonly group: string;
  /** Label of the metrics. */
  readonly target: string;
  /** Of this group, in the target. */
  readonly trace: StartTrace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly maxBatchRecords?: number;
  readonly commitIntervalMs?: number;
  /** A member that is silent this long is dead and its partitions go to the others. */
  readonly sessionTimeoutMs?: number;
  /** How often it says that it lives, and so how soon it learns of a rebalance. */
  readonly heartbeatIntervalMs?: number;
  /** How long a running handler may go on after a stop, or when the group takes its partition away. */
  readonly drainTimeoutMs?: number;
}

/**
 * Invalidations from a Kafka topic, as a member of a consumer group.
 *
 * A **new group begins at the oldest retained record**, never at the end: what was published before the first worker
 * started must still reach the cache. Repeating an invalidation is harmless, missing one is not. Where records may have been deleted
 * before this group read them, the handler is told so (`PartitionBatch.lost`) before anything else of the partition.
 *
 * kafkajs gives up for good on some errors (a TypeError in its own code, for one). Whatever ends a consumer, a new one
 * begins at the last committed offset, after a backoff with jitter; `sluice_consumer_restarts_total` counts them.
 * `run` rejects when the handler does, or with SUBSCRIPTION_FAILED when Kafka refuses for good.
 */
export class KafkaSubscription implements InvalidationSubscription {
  readonly #options: KafkaSubscriptionOptions;
  readonly #begunAnew = new Set<number>();

  constructor(options: KafkaSubscriptionOptions) {
    this.#options = options;
  }

  async run(handler: BatchHandler, signal: AbortSignal): Promise<void> {
    const { logger, metrics, target, topic, group } = this.#options;
    metrics.set('sluice_kafka_available', { link: `consumer.${target}` }, 0);
    for (let failures = 0; !signal.aborted; failures++) {
      const session = new ConsumerSession(this.#options, handler, this.#begunAnew);
      try {
        await session.run(signal);
        return;
      } catch (error) {
        if (error instanceof HandlerFailure) throw error.cause;
        if (signal.aborted) return;
        const reason = describeKafkaError(error);
        if (classifyKafkaError(error) === 'permanent') {
          const message = `Kafka refuses topic ${topic} to group ${group}: ${reason}`;
          throw new SluiceError('SUBSCRIPTION_FAILED', message, { cause: error });
        }
        metrics.count('sluice_consumer_restarts_total', { target });
        metrics.set('sluice_kafka_available', { link: `consumer.${target}` }, 0);
        logger.warn({ topic, group, reason }, 'the consumer ended, starting another');
        if (session.hasDelivered) failures = 0;
        await this.#pause(failures, signal);
      }
    }
  }

  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(fullJitterMs(failures, { baseMs: 200, maxMs: 15_000 }), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
