import { InProcessQueue } from '../../src/transport/in-process-queue.ts';
import { describeTransport } from './invalidation-transport.suite.ts';

describeTransport({
  name: 'InProcessQueue',
  publishedMeans: 'applied',
  flushedIn: 'a lane of its own',
  create: () => {
    const options = { partitions: 4, maxBatchRecords: 8, drainTimeoutMs: 100 };
    const queue = new InProcessQueue(options);
    return Promise.resolve({
      ...options,
      publisher: queue,
      subscription: () => queue,
      close: () => Promise.resolve(),
    });
  },
});
