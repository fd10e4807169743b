import { KafkaJSProtocolError } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { inspectTopic, type TopicPlan } from '../../../src/transport/kafka-topics.ts';

const plan: TopicPlan = { topic: 't', use: 'invalidations', partitions: 3, replicationFactor: 1, retentionMs: null };

/** A broker that has not heard of the topic the first times it is asked. */
function broker(failures: number, type: string) {
  let asked = 0;
  const partition = { replicas: [1] };
  const admin = {
    fetchTopicMetadata: () => {
      asked += 1;
      if (asked <= failures) return Promise.reject(new KafkaJSProtocolError(Object.assign(new Error(type), { type })));
      return Promise.resolve({ topics: [{ name: 't', partitions: [partition, partition, partition] }] });
    },
    describeConfigs: () => Promise.resolve({ resources: [{ configEntries: [] }], throttleTime: 0 }),
  } as unknown as Parameters<typeof inspectTopic>[0];
  return { admin, asked: () => asked };
}

describe('a topic that exists', () => {
  it('is waited for while the brokers have not all heard of it', async () => {
    const { admin, asked } = broker(2, 'UNKNOWN_TOPIC_OR_PARTITION');
    expect(await inspectTopic(admin, plan)).toEqual([]);
    expect(asked()).toBe(3);
  });

  it('that may not be examined is reported at once', async () => {
    const { admin, asked } = broker(1, 'TOPIC_AUTHORIZATION_FAILED');
    const [problem] = await inspectTopic(admin, plan);
    expect(problem?.message).toContain('cannot be examined');
    expect(asked()).toBe(1);
  });
});
