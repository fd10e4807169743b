import type { PartitionerArgs } from 'kafkajs';
import { createKafkaClient, type KafkaClientOptions } from './kafka-client.ts';
import { ACKS_TIMEOUT_MS, type ProducerClient } from './kafka-producer.ts';

export type KafkajsProducerOptions = Omit<KafkaClientOptions, 'retries'>;

/** For topics with few records: checkpoints and dead letters. It repeats a request once by itself. */
export function createKafkajsProducer(options: KafkajsProducerOptions): ProducerClient {
  const producer = createKafkaClient({ ...options, retries: 1 }).producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: () => partitionOf,
  });
  return {
    connect: () => producer.connect(),
    disconnect: () => producer.disconnect(),
    send: ({ topic, records }) => producer.send({ topic, acks: -1, timeout: ACKS_TIMEOUT_MS, messages: [...records] }),
  };
}

/** Each record names its partition; the library's own partitioner would hash with BigInt. */
function partitionOf({ message }: PartitionerArgs): number {
  if (message.partition === undefined) throw new TypeError('a record without partition');
  return message.partition;
}
