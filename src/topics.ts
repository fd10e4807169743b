import type { Config, KafkaTransportConfig } from './runtime/config/config.ts';
import type { KafkaRight } from './transport/kafka-rights.ts';
import type { TopicPlan } from './transport/kafka-topics.ts';

/** The topics a command needs, as they must be. Workers keep no checkpoint: they commit Kafka offsets. */
export function topicPlans({ transport, deadLetters, checkpoint }: Config, use: 'capture' | 'apply'): TopicPlan[] {
  if (transport.kind !== 'kafka') return [];
  const { replicationFactor, retentionMs } = transport;
  const plans: TopicPlan[] = [
    { topic: transport.topic, use: 'invalidations', partitions: transport.partitions, replicationFactor, retentionMs },
  ];
  if (deadLetters.kind === 'kafka') {
    plans.push({ topic: deadLetters.topic, use: 'dead-letters', partitions: 1, replicationFactor, retentionMs: null });
  }
  if (checkpoint.store === 'kafka' && use === 'capture') {
    plans.push({ topic: checkpoint.topic, use: 'checkpoint', partitions: 1, replicationFactor, retentionMs: null });
  }
  return plans;
}

/** What the Kafka user of a command must be allowed to do, beyond seeing the topics and their settings (`topicPlans`). */
export function kafkaRights(config: Config, use: 'capture' | 'apply'): KafkaRight[] {
  const { transport, deadLetters, checkpoint, targets } = config;
  if (transport.kind !== 'kafka') return [];
  const on = (name: string, operation: KafkaRight['operation'], purpose: string): KafkaRight => ({
    kind: 'topic',
    name,
    operation,
    purpose,
  });
  const rights: KafkaRight[] = [];
  if (deadLetters.kind === 'kafka') rights.push(on(deadLetters.topic, 'WRITE', 'to keep dead letters'));
  if (use === 'apply') {
    const groups = targets.map(({ name }) => `${transport.group}.${name}`);
    return [
      on(transport.topic, 'READ', 'to read invalidations'),
      ...rights,
      ...groups.map(
        (name) => ({ kind: 'group', name, operation: 'READ', purpose: 'to share partitions and commit' }) as const,
      ),
    ];
  }
  if (checkpoint.store === 'kafka') {
    rights.push(on(checkpoint.topic, 'WRITE', 'to save checkpoints'), on(checkpoint.topic, 'READ', 'to load them'));
  }
  return [on(transport.topic, 'WRITE', 'to publish invalidations'), ...rights];
}

/** For the commands that make no sense without Kafka; preflight has said so to the user already. */
export function kafkaTransport({ transport }: Config): KafkaTransportConfig {
  if (transport.kind !== 'kafka') throw new Error('this command needs `transport.kind: kafka`');
  return transport;
}
