import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createLogger } from '../../../src/runtime/logger.ts';
import type { KafkaConnection } from '../../../src/transport/kafka-client.ts';
import {
  classifyKafkaError,
  describeKafkaError,
  isConnectionClosed,
  isRequestTimeout,
} from '../../../src/transport/kafka-errors.ts';
import { produce, type ProducedRecord, type ProducerClient } from '../../../src/transport/kafka-producer.ts';
import { createKafkajsProducer } from '../../../src/transport/kafkajs-producer.ts';
import { KnownBrokers } from '../../../src/transport/known-brokers.ts';
import { PlatformaticProducer } from '../../../src/transport/platformatic-producer.ts';
import { timeLimit } from '../../../src/transport/time-limit.ts';
import { BrokerProxy } from './broker-proxy.ts';
import { connectionTo, KafkaHarness } from './kafka-harness.ts';

interface Given {
  readonly connection: KafkaConnection;
  readonly permit?: () => void;
  readonly requestTimeoutMs?: number;
}
const logger = createLogger('silent');
const LIBRARIES: [string, (given: Given) => ProducerClient][] = [
  ['kafkajs', (given) => createKafkajsProducer({ ...given, logger })],
  ['@platformatic/kafka', (given) => new PlatformaticProducer(given)],
];
const WAIT = { timeout: 30_000, interval: 10 };
const LONG_WAIT = { ...WAIT, timeout: 120_000 };
const records = (partition: number, ...values: string[]): ProducedRecord[] =>
  values.map((value) => ({ key: `key of ${value}`, value: Buffer.from(value), partition }));
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

/** It takes connections, and never says a word: as one whose process is stopped. */
async function frozenBroker(): Promise<{ address: string; connections(): number }> {
  let connections = 0;
  const frozen = createServer(() => connections++).listen(0, '127.0.0.1');
  await once(frozen, 'listening');
  onTestFinished(() => void frozen.close());
  return { address: `127.0.0.1:${(frozen.address() as AddressInfo).port}`, connections: () => connections };
}

/** Another address of a broker, which names its own to whoever comes through; closed, it is there no more. */
async function gateTo(broker: string): Promise<{ address: string; close(): void }> {
  const [host = '', port = ''] = broker.split(':');
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect({ host, port: Number(port) });
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(close);
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** What KafkaSender relies on, whatever library is behind it. */
describe.each(LIBRARIES)('a producer of %s', (library, create) => {
  const open = async (given: Partial<Given> = {}) => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    const proxy = await BrokerProxy.open((await connectionTo()).brokers[0] ?? '');
    const connection = { ...harness.connection, brokers: [proxy.address] };
    const another = async (): Promise<ProducerClient> => {
      const producer = create({ connection, ...given });
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      return producer;
    };
    const written = async (): Promise<string[]> => (await harness.topic.kcat('%p %k=%s')).sort();
    return { harness, proxy, producer: await another(), another, topic: harness.topic.name, written };
  };

  it('asks for the acknowledgement of all replicas, in order, and says where the records stand', async () => {
    const { proxy, producer, topic, written } = await open();
    expect(await produce(producer, topic, 1, records(1, 'a', 'b'))).toBe(0);
    expect(await produce(producer, topic, 1, records(1, 'ü✓'))).toBe(2);
    expect(proxy.acks).toEqual([-1, -1]);
    expect(await written()).toEqual(['1 key of a=a', '1 key of b=b', '1 key of ü✓=ü✓']);
  });

  it('writes a request once that is repeated because its answer was lost', async () => {
    const { proxy, producer, topic, written } = await open({ requestTimeoutMs: 3_000 });
    await produce(producer, topic, 0, records(0, 'a'));
    proxy.loseAnswers(2);
    const batch = records(0, 'b', 'c');
    let offset: number | undefined;
    for (let failures = 0; offset === undefined; failures++) {
      expect(failures).toBeLessThan(5);
      try {
        offset = await produce(producer, topic, 0, batch);
      } catch (error) {
        expect(classifyKafkaError(error)).toBe('retry');
      }
    }
    expect(offset).toBe(1);
    expect(proxy.lost).toBe(2);
    expect(await produce(producer, topic, 0, records(0, 'd'))).toBe(3);
    expect(await written()).toEqual(['a', 'b', 'c', 'd'].map((value) => `0 key of ${value}=${value}`));
  });

  it('does not send what was waiting in it when it is not permitted any more', async () => {
    let permitted = true;
    const permit = (): void => {
      if (!permitted) throw new Error('somebody else has the lease');
    };
    const { proxy, producer, topic, written } = await open({ permit });
    await produce(producer, topic, 0, records(0, 'a'));
    proxy.holdAnswers();
    const first = failure(produce(producer, topic, 0, records(0, 'b')));
    await vi.waitFor(() => expect(proxy.acks).toHaveLength(2), WAIT);
    const second = failure(produce(producer, topic, 1, records(1, 'c')));
    await new Promise((resolve) => setImmediate(resolve));
    permitted = false;
    proxy.release();
    expect(classifyKafkaError(await second)).toBe('retry');
    await first;
    expect(await written()).toEqual(['0 key of a=a', '0 key of b=b']);
  });

  it('names a topic that is missing, and writes to it once it is there', async () => {
    const { harness, producer, topic } = await open();
    await harness.topic.remove();
    const error = await failure(produce(producer, topic, 0, records(0, 'a')));
    expect(classifyKafkaError(error)).toBe('retry');
    expect(describeKafkaError(error)).toMatch(/UNKNOWN_TOPIC_OR_PARTITION/);
    await vi.waitFor(() => harness.topic.create({ partitions: 2 }), WAIT);
    await vi.waitFor(async () => expect(await produce(producer, topic, 0, records(0, 'b'))).toBe(0), WAIT);
  });

  it('writes nothing anywhere for a partition that is not there', async () => {
    const { producer, topic, written } = await open();
    expect(await failure(produce(producer, topic, 7, records(7, 'a')))).toBeInstanceOf(Error);
    expect(await written()).toEqual([]);
  });

  it('finds a record too large that the topic does not take', async () => {
    const { producer, topic } = await open();
    const error = await failure(produce(producer, topic, 0, records(0, 'x'.repeat(1_200_000))));
    expect(classifyKafkaError(error)).toBe('too-large');
  });

  it('goes on after its connections were reset', async () => {
    const { proxy, producer, topic } = await open();
    await produce(producer, topic, 0, records(0, 'a'));
    for (let round = 0; round < 3; round++) {
      proxy.cut();
      await vi.waitFor(() => produce(producer, topic, 0, records(0, `b${round}`)), WAIT);
    }
  });

  it('finds the broker that answers while another one only takes connections', async () => {
    const { connection, topic } = await KafkaHarness.open({ partitions: 2 });
    const brokers = [(await frozenBroker()).address, ...connection.brokers];
    await vi.waitFor(async () => {
      const producer = create({ connection: { ...connection, brokers }, requestTimeoutMs: 3_000 });
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      await produce(producer, topic.name, 0, records(0, 'a'));
    }, LONG_WAIT);
  });

  it('reads on after an answer that came too late', async () => {
    const { proxy, producer, topic } = await open({ requestTimeoutMs: 1_000 });
    await produce(producer, topic, 0, records(0, 'a'));
    proxy.holdAnswers();
    const batch = records(0, 'b');
    const error = await failure(produce(producer, topic, 0, batch));
    expect([classifyKafkaError(error), isRequestTimeout(error)]).toEqual(['retry', true]);
    proxy.release();
    expect(await produce(producer, topic, 0, batch)).toBe(1);
    expect(await produce(producer, topic, 0, records(0, 'c'))).toBe(2);
  });

  // kafkajs takes its time-outs for it, three times 15 s here.
  it.skipIf(library === 'kafkajs')('can be given up while the broker takes nothing more', async () => {
    const { proxy, producer, another, topic } = await open();
    await produce(producer, topic, 0, records(0, 'a'));
    proxy.stall();
    // More than the buffers of both sockets hold.
    const megabytes = records(0, ...Array.from({ length: 40 }, () => 'x'.repeat(400_000)));
    const pending = failure(produce(producer, topic, 0, megabytes));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await timeLimit(5_000, producer.disconnect(), 'it could not be given up');
    expect(classifyKafkaError(await pending)).not.toBe('permanent');
    proxy.cut();
    proxy.heal();
    await produce(await another(), topic, 1, records(1, 'b'));
  });
});

/** What producers of @platformatic/kafka tell each other. */
describe('producers that share what they know of the brokers', () => {
  const open = async (brokers: (real: readonly string[]) => readonly string[]) => {
    const harness = await KafkaHarness.open({ partitions: 2 });
    const connection = { ...harness.connection, brokers: brokers(harness.connection.brokers) };
    vi.spyOn(Math, 'random').mockReturnValue(0);
    onTestFinished(() => void vi.restoreAllMocks());
    const known = new KnownBrokers(connection.brokers);
    const another = async (): Promise<ProducerClient> => {
      const producer = new PlatformaticProducer({ connection, brokers: known, requestTimeoutMs: 10_000 });
      onTestFinished(() => producer.disconnect());
      await producer.connect();
      return producer;
    };
    return { harness, another, topic: harness.topic.name };
  };

  it('do not ask again first who did not answer one of them', async () => {
    const frozen = await frozenBroker();
    const { another, topic } = await open((real) => [frozen.address, ...real]);
    expect(isRequestTimeout(await failure(another()))).toBe(true);
    expect(await produce(await another(), topic, 0, records(0, 'a'))).toBe(0);
    expect(await produce(await another(), topic, 0, records(0, 'b'))).toBe(1);
    expect(frozen.connections()).toBe(1);
  });

  it('need a configured broker only to learn of the others', async () => {
    const { brokers } = await connectionTo();
    const gate = await gateTo(brokers[0] ?? '');
    const { harness, another, topic } = await open(() => [gate.address]);
    const producer = await another();
    await produce(producer, topic, 0, records(0, 'a'));
    gate.close();
    await harness.topic.remove();
    expect(classifyKafkaError(await failure(produce(producer, topic, 1, records(1, 'b'))))).toBe('retry');
    await vi.waitFor(() => harness.topic.create({ partitions: 2 }), WAIT);
    await vi.waitFor(() => produce(producer, topic, 1, records(1, 'b')), WAIT);
    await produce(await another(), topic, 1, records(1, 'c'));
  });

  it('speak the version that a broker knows who ends their connections', async () => {
    const proxy = await BrokerProxy.open((await connectionTo()).brokers[0] ?? '');
    const { another, topic } = await open(() => [proxy.address]);
    const producer = await another();
    await produce(producer, topic, 0, records(0, 'a'));
    proxy.downgrade(8);
    for (let round = 0; round < 2; round++) {
      expect(isConnectionClosed(await failure(produce(producer, topic, 0, records(0, 'b'))))).toBe(true);
    }
    expect(await produce(await another(), topic, 0, records(0, 'b'))).toBe(1);
  });
});
