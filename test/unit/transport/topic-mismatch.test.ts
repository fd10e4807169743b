import { describe, expect, it } from 'vitest';
import { topicMismatches, type FoundTopic } from '../../../src/transport/kafka-topic-mismatch.ts';
import type { TopicPlan } from '../../../src/transport/kafka-topics.ts';

const DAY = 86_400_000;
const plan: TopicPlan = {
  topic: 'sluice',
  use: 'invalidations',
  partitions: 12,
  replicationFactor: 3,
  retentionMs: 7 * DAY,
};
const found: FoundTopic = {
  partitions: 12,
  replicationFactor: 3,
  retentionMs: 7 * DAY,
  cleanupPolicy: 'delete',
  compression: 'producer',
};
const messages = (planned: Partial<TopicPlan>, there: Partial<FoundTopic>): string[] =>
  topicMismatches({ ...plan, ...planned }, { ...found, ...there }).map(({ message }) => message);

describe('an existing topic', () => {
  it('is right as planned, and also with longer retention or more replicas', () => {
    expect(messages({}, {})).toEqual([]);
    expect(messages({}, { retentionMs: null, replicationFactor: 5 })).toEqual([]);
    expect(messages({}, { retentionMs: 30 * DAY })).toEqual([]);
  });

  it.each([6, 24])('is wrong with %d partitions instead of 12: there must be one truth about where a key goes', (n) => {
    const [problem] = topicMismatches(plan, { ...found, partitions: n });
    expect(problem?.message).toBe(`topic sluice has ${n} partitions, not 12`);
    expect(problem?.remedy).toContain(`transport.partitions: ${n}`);
  });

  it('is wrong when it forgets sooner than configured', () => {
    expect(messages({}, { retentionMs: DAY })).toEqual([
      'topic sluice keeps records for 86400000 ms, less than the 604800000 ms configured',
    ]);
    expect(messages({ retentionMs: null }, { retentionMs: DAY })).toHaveLength(1);
  });

  it('is wrong when it is compacted', () => {
    expect(messages({}, { cleanupPolicy: 'compact' })).toEqual([
      'topic sluice is compacted: Kafka would drop records before they are applied',
    ]);
    expect(messages({}, { cleanupPolicy: 'compact, delete' })).toHaveLength(1);
  });

  it('is wrong with fewer replicas than configured', () => {
    expect(messages({}, { replicationFactor: 1 })).toEqual([
      'topic sluice has 1 replicas, fewer than the 3 configured',
    ]);
  });

  it.each([
    ['producer', 0],
    ['gzip', 0],
    ['lz4', 1],
    ['zstd', 1],
  ])('that compresses everything as %s is wrong where the client cannot read that', (compression, problems) => {
    expect(messages({}, { compression })).toHaveLength(problems);
  });

  it('for dead letters may have any number of partitions', () => {
    expect(messages({ use: 'dead-letters', partitions: 1 }, { partitions: 6 })).toEqual([]);
  });

  it('for checkpoints has one partition, is compacted and never forgets', () => {
    const checkpoint = { use: 'checkpoint', partitions: 1, retentionMs: null } as const;
    expect(messages(checkpoint, { partitions: 1, cleanupPolicy: 'compact' })).toEqual([]);
    expect(messages(checkpoint, { partitions: 2, cleanupPolicy: 'delete' })).toEqual([
      'topic sluice has 2 partitions, not 1',
      'topic sluice has cleanup.policy delete, which does not keep the last checkpoint',
    ]);
    expect(messages(checkpoint, { partitions: 1, cleanupPolicy: 'compact,delete' })).toEqual([
      'topic sluice has cleanup.policy compact,delete, which would lose an old checkpoint',
    ]);
  });

  it('gets all of its problems at once, each with a remedy', () => {
    const there = {
      partitions: 1,
      replicationFactor: 1,
      retentionMs: 1,
      cleanupPolicy: 'compact',
      compression: 'zstd',
    };
    const problems = topicMismatches(plan, there);
    expect(problems).toHaveLength(5);
    expect(problems.every(({ remedy }) => remedy.length > 20)).toBe(true);
  });
});
