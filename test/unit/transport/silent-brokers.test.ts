/** Brokers that accept a connection and then say nothing: kafkajs waits for the answer to a login for ever. */
import type { Kafka } from 'kafkajs';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { KafkaCheckpointStore } from '../../../src/transport/kafka-checkpoint-store.ts';
import { createKafkaClient } from '../../../src/transport/kafka-client.ts';
import { KafkaReader } from '../../../src/transport/kafka-reader.ts';

vi.mock('../../../src/transport/kafka-client.ts');

const never = (): Promise<never> => new Promise<never>(() => undefined);
const connection = { brokers: ['broker:9092'], clientId: 'test', tls: null, sasl: null };
const clock = { now: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() };
const options = { connection, topic: 'checkpoints', clock, logger: silentLogger };
/** What the client does; a test changes it. */
let producer = { connect: never, disconnect: never, send: never };
let consumer = { connect: never, disconnect: never };

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const cluster = { isConnected: () => false, connect: never, addMultipleTargetTopics: never, refreshMetadata: never };
  const client = {
    producer: () => producer,
    consumer: ({ partitionAssigners: [assigner] }: { partitionAssigners: ((config: object) => unknown)[] }) => {
      assigner?.({ cluster, groupId: 'test', logger: silentLogger });
      return consumer;
    },
  };
  vi.mocked(createKafkaClient).mockReturnValue(client as unknown as Kafka);
  producer = { connect: never, disconnect: never, send: never };
  consumer = { connect: never, disconnect: never };
});

const settled = async (work: Promise<unknown>): Promise<unknown> => {
  const outcome = work.then(
    () => 'done',
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(20 * 60_000);
  return Promise.race([outcome, Promise.resolve('still waiting')]);
};

it.each(['a login', 'an answer'])(
  'a checkpoint store gives up %s that never comes, and what waits behind it',
  async (what) => {
    if (what === 'an answer') producer.connect = () => Promise.resolve() as Promise<never>;
    const store = new KafkaCheckpointStore({ ...options, name: 'shop' });
    const [first, second] = [store.claim(), store.claim()];
    second.catch(() => undefined);
    expect(await settled(first)).toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
    expect(await settled(second)).toMatchObject({ code: 'CHECKPOINT_UNAVAILABLE' });
    expect(await settled(store.close())).toBe('done');
  },
);

it.each(['a login', 'an answer'])('a reader gives up %s that never comes', async (what) => {
  if (what === 'an answer') consumer.connect = () => Promise.resolve() as Promise<never>;
  const reader = new KafkaReader({ ...options, maxFailures: 2 });
  const first = reader.toEnd({ kind: 'earliest' }, new AbortController().signal).next();
  expect(await settled(first)).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
  expect(await settled(reader.close())).toBe('done');
});
