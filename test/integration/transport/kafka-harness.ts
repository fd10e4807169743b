import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { readAddresses } from '../../../deploy/local/services.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import type { KafkaConnection } from '../../../src/transport/kafka-client.ts';
import { KafkaPublisher, type KafkaPublisherOptions } from '../../../src/transport/kafka-publisher.ts';
import { KafkaSubscription, type KafkaSubscriptionOptions } from '../../../src/transport/kafka-subscription.ts';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';
import { Topic } from '../../support/topic.ts';

export async function connectionTo(brokers?: readonly string[]): Promise<KafkaConnection> {
  const known = brokers ?? (await readAddresses()).kafka?.brokers ?? [];
  return { brokers: known, clientId: `test-${randomUUID().slice(0, 8)}`, tls: null, sasl: null };
}

/** A topic and a group that nobody used before, and what a test does with them. */
export class KafkaHarness {
  readonly connection: KafkaConnection;
  readonly topic: Topic;
  readonly group = `group-${randomUUID()}`;
  readonly partitions: number;
  /** In the target, which all subscriptions of the test work with. */
  readonly trace = new MemoryStartTrace();
  readonly parts = { clock: systemClock, logger: createLogger('silent'), metrics: new Metrics() };

  private constructor(connection: KafkaConnection, partitions: number) {
    this.connection = connection;
    this.partitions = partitions;
    this.topic = new Topic({ brokers: connection.brokers, name: `transport-${randomUUID()}` });
  }

  static async open(options: {
    partitions: number;
    brokers?: readonly string[];
    replicas?: number;
  }): Promise<KafkaHarness> {
    const harness = new KafkaHarness(await connectionTo(options.brokers), options.partitions);
    await harness.topic.create(options);
    return harness;
  }

  publisher(more: Partial<KafkaPublisherOptions> = {}): KafkaPublisher {
    const { connection, partitions, parts } = this;
    const publisher = new KafkaPublisher({ connection, partitions, topic: this.topic.name, ...parts, ...more });
    onTestFinished(() => publisher.close());
    return publisher;
  }

  subscription(more: Partial<KafkaSubscriptionOptions> = {}): KafkaSubscription {
    const { connection, group, partitions, parts } = this;
    return new KafkaSubscription({
      connection,
      group,
      partitions,
      topic: this.topic.name,
      target: 'main',
      trace: this.trace,
      ...parts,
      commitIntervalMs: 50,
      heartbeatIntervalMs: 100,
      sessionTimeoutMs: 6_000,
      ...more,
    });
  }
}
