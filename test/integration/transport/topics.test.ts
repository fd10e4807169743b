import { Kafka, logLevel } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { checkTopics, ensureTopics, type TopicPlan } from '../../../src/transport/kafka-topics.ts';
import { connectionTo } from './kafka-harness.ts';

const logger = silentLogger;
const WEEK = 604_800_000;

function plans(): TopicPlan[] {
  const name = `topics-${randomUUID()}`;
  return [
    { topic: name, use: 'invalidations', partitions: 5, replicationFactor: 1, retentionMs: WEEK },
    { topic: `${name}.dead`, use: 'dead-letters', partitions: 1, replicationFactor: 1, retentionMs: null },
    { topic: `${name}.checkpoints`, use: 'checkpoint', partitions: 1, replicationFactor: 1, retentionMs: null },
  ];
}

async function adminClient() {
  const admin = new Kafka({ brokers: [...(await connectionTo()).brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

describe('the topics', () => {
  it('that are missing are created as configured, once', async () => {
    const [connection, topics] = [await connectionTo(), plans()];
    expect(await ensureTopics({ connection, topics, logger })).toEqual([]);
    expect(await ensureTopics({ connection, topics, logger })).toEqual([]);
    expect(await checkTopics({ connection, topics, logger })).toEqual([]);
    const admin = await adminClient();
    const names = topics.map(({ topic }) => topic);
    const { topics: found } = await admin.fetchTopicMetadata({ topics: names });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: 2, name, configNames: ['cleanup.policy', 'retention.ms'] })),
    });
    // Brokers answer in any order.
    const described = names.map((name) => ({
      partitions: found.find((topic) => topic.name === name)?.partitions.length,
      ...Object.fromEntries(
        resources
          .find(({ resourceName }) => resourceName === name)
          ?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [],
      ),
    }));
    expect(described).toEqual([
      { partitions: 5, 'cleanup.policy': 'delete', 'retention.ms': String(WEEK) },
      { partitions: 1, 'cleanup.policy': 'delete', 'retention.ms': '-1' },
      { partitions: 1, 'cleanup.policy': 'compact', 'retention.ms': '604800000' },
    ]);
  });

  it('that two processes create at the same moment are found by both', async () => {
    const connection = await connectionTo();
    for (let round = 0; round < 8; round += 1) {
      const topics = plans();
      const both = [0, 1, 2].map(() => ensureTopics({ connection, topics, logger }));
      expect(await Promise.all(both)).toEqual([[], [], []]);
    }
  });

  it('are not touched by a check', async () => {
    const [connection, topics] = [await connectionTo(), plans()];
    expect(await checkTopics({ connection, topics, logger })).toEqual([]);
    const existing = await (await adminClient()).listTopics();
    for (const { topic } of topics) expect(existing).not.toContain(topic);
  });

  it('that exist otherwise than configured are all reported, and not changed', async () => {
    const [connection, topics] = [await connectionTo(), plans()];
    await ensureTopics({ connection, topics, logger });
    const changed = topics.map((plan) => ({ ...plan, partitions: 8, retentionMs: 4 * WEEK }));
    const problems = await ensureTopics({ connection, topics: changed, logger });
    expect(problems.map(({ message }) => message.replace(topics[0]?.topic ?? '', 'T'))).toEqual([
      'topic T has 5 partitions, not 8',
      `topic T keeps records for ${WEEK} ms, less than the ${4 * WEEK} ms configured`,
      'topic T.checkpoints has 1 partitions, not 8',
    ]);
    expect(await checkTopics({ connection, topics, logger })).toEqual([]);
  });

  it('that the cluster could not create are found by the check already', async () => {
    const connection = await connectionTo();
    const [first] = plans();
    if (first === undefined) throw new Error('no plan');
    const wanted = [
      { ...first, replicationFactor: 5 },
      { ...first, topic: 'not a name' },
    ];
    const problems = await checkTopics({ connection, topics: wanted, logger });
    expect(problems).toHaveLength(2);
    expect(problems[0]?.message).toContain('cannot be created with 5 replicas');
    expect(problems[1]?.message).toContain(
      'topic not a name does not exist, or may not be seen, and cannot be created: INVALID_TOPIC',
    );
  });
});

describe('a cluster', () => {
  it('that does not answer is a problem that names the brokers', async () => {
    const connection = await connectionTo(['127.0.0.1:1', 'no-such-host.invalid:9092']);
    const problems = await checkTopics({ connection, topics: plans(), logger });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('Kafka at 127.0.0.1:1, no-such-host.invalid:9092 does not answer: ');
    expect(problems[0]?.remedy).toContain('transport.brokers');
  });

  it('that refuses the login is a problem that names the user, never the password', async () => {
    const sasl = { mechanism: 'plain', username: 'sluice', password: 'secret-of-the-test' } as const;
    const connection = { ...(await connectionTo()), sasl };
    const problems = await checkTopics({ connection, topics: plans(), logger });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('refuses the login for user sluice (plain)');
    expect(JSON.stringify(problems)).not.toContain('secret-of-the-test');
  });
});
