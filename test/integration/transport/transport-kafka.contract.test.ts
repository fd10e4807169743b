import { describeTransport } from '../../contract/invalidation-transport.suite.ts';
import { KafkaHarness } from './kafka-harness.ts';

describeTransport({
  name: 'KafkaPublisher and KafkaSubscription',
  publishedMeans: 'durable',
  flushedIn: 'every partition',
  create: async () => {
    const limits = { partitions: 4, maxBatchRecords: 8, drainTimeoutMs: 300 };
    const harness = await KafkaHarness.open(limits);
    return {
      ...limits,
      publisher: harness.publisher(),
      subscription: () => harness.subscription(limits),
      close: () => Promise.resolve(),
    };
  },
});
