import type { Config, KafkaTransportConfig } from './runtime/config/config.ts';
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

/** For the commands that make no sense without Kafka; preflight has said so to the user already. */
export function kafkaTransport({ transport }: Config): KafkaTransportConfig {
  if (transport.kind !== 'kafka') throw new Error('this command needs `transport.kind: kafka`');
  return transport;
}
