import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type AclEntry } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';
import { startKafka, type ThrowawayKafka } from '../../../deploy/local/services.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Config } from '../../../src/runtime/config/config.ts';
import { formatProblem } from '../../../src/runtime/errors.ts';
import { silentLogger as logger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { kafkaRights, topicPlans } from '../../../src/topics.ts';
import { KafkaCheckpointStore } from '../../../src/transport/kafka-checkpoint-store.ts';
import type { KafkaConnection } from '../../../src/transport/kafka-client.ts';
import { KafkaDeadLetters } from '../../../src/transport/kafka-dead-letters.ts';
import { KafkaPublisher } from '../../../src/transport/kafka-publisher.ts';
import { checkRights } from '../../../src/transport/kafka-rights.ts';
import { KafkaSubscription } from '../../../src/transport/kafka-subscription.ts';
import { tailRecords } from '../../../src/transport/kafka-tail.ts';
import { checkTopics, ensureTopics } from '../../../src/transport/kafka-topics.ts';
import { changes, Recorder, WAIT } from '../transport/recorder.ts';
import { tlsFolder, tlsOf, type TlsFolder } from './tls-servers.ts';

/** Numbers of the protocol: the client declares names for them that its module does not export. */
const RESOURCE = { topic: 2, group: 3 } as const;
const OPERATION = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10 } as const;
const [LITERAL, ALLOW] = [3, 3];

type Operation = keyof typeof OPERATION;
/** What stands in docs/security.md: kind, what follows the name of the topic, operation. */
type Right = readonly [kind: 'topic' | 'group', suffix: string, operation: Operation];

const CAPTURE: readonly Right[] = [
  ['topic', '', 'Write'],
  ['topic', '', 'DescribeConfigs'],
  ['topic', '.dead-letters', 'Write'],
  ['topic', '.dead-letters', 'DescribeConfigs'],
  ['topic', '.checkpoints', 'Write'],
  ['topic', '.checkpoints', 'Read'],
  ['topic', '.checkpoints', 'DescribeConfigs'],
];
const CREATE: readonly Right[] = ['', '.dead-letters', '.checkpoints'].map((suffix) => ['topic', suffix, 'Create']);
const APPLY: readonly Right[] = [
  ['topic', '', 'Read'],
  ['topic', '', 'DescribeConfigs'],
  ['topic', '.dead-letters', 'Write'],
  ['topic', '.dead-letters', 'DescribeConfigs'],
  ['group', '.group.main', 'Read'],
];
const TAIL: readonly Right[] = [['topic', '', 'Read']];

const USERS = { capture: 'word-1', apply: 'word-2', tail: 'word-3' } as const;
type User = keyof typeof USERS;

describe('the rights on Kafka that docs/security.md names', () => {
  let tls: TlsFolder;
  let kafka: ThrowawayKafka;
  let admin: ReturnType<Kafka['admin']>;
  beforeAll(async () => {
    tls = await tlsFolder();
    kafka = await startKafka({ security: { certificates: tls.certificates, users: USERS } });
    admin = new Kafka({ brokers: kafka.openBrokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await admin.disconnect();
    await kafka.remove();
    tls.remove();
  });

  const connectionOf = (user: User): KafkaConnection => ({
    brokers: kafka.brokers,
    clientId: `sluice-${user}`,
    tls: tlsOf(tls.certificates),
    sasl: { mechanism: 'scram-sha-512', username: user, password: USERS[user] },
  });

  const aclOf = (topic: string, user: User, [kind, suffix, operation]: Right): AclEntry => ({
    resourceType: RESOURCE[kind],
    resourceName: topic + suffix,
    resourcePatternType: LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: OPERATION[operation],
    permissionType: ALLOW,
  });
  const grant = (topic: string, user: User, rights: readonly Right[]): Promise<boolean> =>
    admin.createAcls({ acl: rights.map((right) => aclOf(topic, user, right)) });
  const revoke = (topic: string, user: User, right: Right): Promise<unknown> =>
    admin.deleteAcls({ filters: [aclOf(topic, user, right)] });

  const configOf = (topic: string): Config =>
    ({
      transport: {
        kind: 'kafka',
        topic,
        group: `${topic}.group`,
        partitions: 3,
        replicationFactor: 1,
        retentionMs: 1e9,
      },
      deadLetters: { kind: 'kafka', topic: `${topic}.dead-letters` },
      checkpoint: { store: 'kafka', topic: `${topic}.checkpoints` },
      targets: [{ name: 'main' }],
    }) as unknown as Config;

  const preflight = async (topic: string, user: 'capture' | 'apply', create = false): Promise<string[]> => {
    const connection = connectionOf(user);
    const topics = topicPlans(configOf(topic), user);
    const options = { connection, topics, logger };
    const found = [
      ...(create ? await ensureTopics(options) : await checkTopics(options)),
      ...(await checkRights({ connection, rights: kafkaRights(configOf(topic), user), logger })),
    ];
    return found.map(formatProblem);
  };

  /** An ACL takes effect on the broker a moment after it was made. */
  const settled = (topic: string, user: 'capture' | 'apply', create = false): Promise<void> =>
    vi.waitFor(async () => expect(await preflight(topic, user, create)).toEqual([]), WAIT);

  async function opened(): Promise<string> {
    const topic = `sluice.${randomUUID()}`;
    await grant(topic, 'capture', [...CAPTURE, ...CREATE]);
    await settled(topic, 'capture', true);
    for (const right of CREATE) await revoke(topic, 'capture', right);
    await grant(topic, 'apply', APPLY);
    await settled(topic, 'apply');
    return topic;
  }

  it('are enough: for creating the topics, publishing, checkpoints, dead letters, applying and looking', async () => {
    const topic = await opened();
    const parts = { clock: systemClock, logger, metrics: new Metrics() };
    const captures = { ...parts, connection: connectionOf('capture') };
    const applies = { ...parts, connection: connectionOf('apply') };
    const publisher = new KafkaPublisher({ ...captures, topic, partitions: 3 });
    await publisher.publish(changes(20));
    const store = new KafkaCheckpointStore({ ...captures, topic: `${topic}.checkpoints`, name: 'shop' });
    expect(await store.load()).toBeNull();
    expect(await store.claim()).toBeGreaterThan(0);
    const recorder = new Recorder();
    const stop = new AbortController();
    const group = `${topic}.group.main`;
    const trace = new MemoryStartTrace();
    const subscription = new KafkaSubscription({ ...applies, topic, group, target: 'main', trace, partitions: 3 });
    const running = subscription.run(recorder.handle, stop.signal);
    await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(20), WAIT);
    stop.abort();
    await running;
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const sum = committed?.partitions.reduce((total, { offset }) => total + Math.max(0, Number(offset)), 0);
    expect(sum).toBe(20);
    const letters = new KafkaDeadLetters({ ...applies, topic: `${topic}.dead-letters` });
    const item = { kind: 'unreadable', raw: 'x', reason: 'not JSON', place: `${topic}/0@1` } as const;
    await letters.keep([{ reason: 'not JSON', item, target: null }]);
    await grant(topic, 'tail', TAIL);
    const end = new AbortController();
    const tail = { connection: connectionOf('tail'), topic, sinceMs: 0, clock: systemClock, logger };
    let seen = 0;
    const look = async (): Promise<void> => {
      for await (const _ of tailRecords(tail, end.signal)) if (++seen === 20) break;
    };
    await vi.waitFor(look, WAIT);
    expect(seen).toBe(20);
    await Promise.all([publisher.close(), store.close(), letters.close()]);
  });

  it('are each missed by name when one is taken away', async () => {
    const topic = await opened();
    for (const [user, rights] of [['capture', CAPTURE] as const, ['apply', APPLY] as const]) {
      for (const right of rights) {
        await revoke(topic, user, right);
        const [kind, suffix, operation] = right;
        const named =
          operation === 'DescribeConfigs'
            ? new RegExp(`topic ${topic}${suffix} cannot be examined[^]*DESCRIBE_CONFIGS`)
            : new RegExp(
                `the Kafka user ${user} lacks ${operation.toUpperCase()} on ${kind} ${topic}${suffix},[^]*--operation ${operation} --${kind} ${topic}${suffix}`,
              );
        await vi.waitFor(async () => {
          const problems = await preflight(topic, user);
          expect(problems.join('\n'), `${user} without ${right.join(' ')}`).toMatch(named);
        }, WAIT);
        await grant(topic, user, [right]);
        await settled(topic, user);
      }
    }
  }, 180_000);

  it('to create a topic are missed by name while it does not exist', async () => {
    const topic = `sluice.${randomUUID()}`;
    await grant(topic, 'capture', CAPTURE);
    await vi.waitFor(async () => {
      const problems = await preflight(topic, 'capture');
      expect(problems).toHaveLength(3);
      for (const problem of problems) expect(problem).toMatch(/TOPIC_AUTHORIZATION_FAILED[^]*Grant CREATE/);
    }, WAIT);
  });

  it('of somebody without any are all missed, and nothing is made', async () => {
    const topic = `sluice.${randomUUID()}`;
    const problems = await preflight(topic, 'apply', true);
    expect(problems.join('\n')).toMatch(/lacks READ on topic [^]*lacks WRITE on topic [^]*lacks READ on group /);
    expect(await admin.listTopics()).not.toContain(topic);
  });
});
