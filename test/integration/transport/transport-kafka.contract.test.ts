import { createKafkajsProducer } from '../../../src/transport/kafkajs-producer.ts';
import { describeTransport } from '../../contract/invalidation-transport.suite.ts';
import { KafkaHarness } from './kafka-harness.ts';

const PRODUCERS = {
  '@platformatic/kafka': {},
  kafkajs: { createProducer: createKafkajsProducer },
};

for (const [library, producer] of Object.entries(PRODUCERS)) {
  describeTransport({
    name: `KafkaPublisher with ${library}, and KafkaSubscription`,
    publishedMeans: 'durable',
    flushedIn: 'every partition',
    create: async () => {
      const limits = { partitions: 4, maxBatchRecords: 8, drainTimeoutMs: 300 };
      const harness = await KafkaHarness.open(limits);
      return {
        ...limits,
        publisher: harness.publisher(producer),
        subscription: () => harness.subscription(limits),
        close: () => Promise.resolve(),
      };
    },
  });
}
