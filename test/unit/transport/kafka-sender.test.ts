import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from './kafkajs-errors.ts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Clock } from '../../../src/ports.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { createLogger, silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import type { OutgoingRecord } from '../../../src/transport/accumulator.ts';
import type { Acknowledgement, ProducerClient } from '../../../src/transport/kafka-producer.ts';
import { KafkaSender, type KafkaSenderOptions } from '../../../src/transport/kafka-sender.ts';

type Answer = Error | readonly Acknowledgement[] | Promise<readonly Acknowledgement[]>;

const TOPIC = 'sluice.test';
const ack = (partition: number, more: Partial<Acknowledgement> = {}): readonly Acknowledgement[] => [
  { topicName: TOPIC, partition, errorCode: 0, baseOffset: '7', ...more },
];
const record = (value: string): OutgoingRecord => ({ key: 'k', value: Buffer.from(value), partition: 3 });
/** Time does not matter here: every backoff is over at once. */
const clock: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  sleep: (_ms, signal) => {
    signal?.throwIfAborted();
    return new Promise((resolve) => setImmediate(resolve));
  },
};

/** Producers that answer what the test says, one answer per send, over all producers; without one: acknowledged. */
class FakeCluster {
  readonly log: string[] = [];
  readonly sends: { producer: number; partition: number; values: string[] }[] = [];
  connectErrors: (Error | Promise<never>)[] = [];
  readonly answers: Answer[];
  #producers = 0;

  constructor(answers: Answer[]) {
    this.answers = answers;
  }

  create(): ProducerClient {
    const producer = ++this.#producers;
    const client: ProducerClient = {
      connect: () => {
        const error = this.connectErrors.shift();
        this.log.push(`connect ${producer}`);
        if (error instanceof Error) return Promise.reject(error);
        return error ?? Promise.resolve();
      },
      disconnect: () => {
        this.log.push(`disconnect ${producer}`);
        return Promise.resolve();
      },
      send: ({ topic, records }) => {
        expect(topic).toBe(TOPIC);
        const partition = records[0]?.partition ?? -1;
        this.sends.push({ producer, partition, values: records.map(({ value }) => String(value)) });
        const answer = this.answers.shift() ?? ack(partition);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    };
    return client;
  }
}

function start(...answers: Answer[]) {
  return startWith({}, ...answers);
}

function startWith(options: Partial<Pick<KafkaSenderOptions, 'permit' | 'logger' | 'clock'>>, ...answers: Answer[]) {
  const cluster = new FakeCluster(answers);
  const metrics = new Metrics();
  const count = vi.spyOn(metrics, 'count');
  const sender = new KafkaSender({
    topic: TOPIC,
    createProducer: () => cluster.create(),
    clock,
    logger: silentLogger,
    metrics,
    ...options,
  });
  onTestFinished(() => sender.close());
  return { cluster, sender, rebuilds: () => count.mock.calls.length };
}

describe('the Kafka sender', () => {
  it('asks for permission right before every attempt, waits while there is none, and ends when there never will be', async () => {
    const refusals: (SluiceError | null)[] = [null, new SluiceError('LEASE_UNAVAILABLE', 'not confirmed'), null];
    const permit = (): void => {
      const refusal = refusals.shift();
      if (refusal === undefined) throw new SluiceError('LEASE_LOST', 'another one has it');
      if (refusal !== null) throw refusal;
    };
    const { cluster, sender, rebuilds } = startWith({ permit }, new KafkaJSConnectionError('broker gone'));
    await sender.send(3, [record('a')]);
    expect(cluster.sends).toHaveLength(2);
    await expect(sender.send(3, [record('b')])).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect([cluster.sends.length, refusals.length, rebuilds()]).toEqual([2, 0, 0]);
  });

  it('says once that it may not send for long, and that it goes on', async () => {
    let nowMs = 0;
    const permit = (): void => {
      nowMs += 6_000;
      if (nowMs < 60_000) throw new SluiceError('LEASE_UNAVAILABLE', 'not confirmed');
    };
    const logger = createLogger('silent');
    const [warn, info] = [vi.spyOn(logger, 'warn'), vi.spyOn(logger, 'info')];
    const { sender } = startWith({ permit, logger, clock: { ...clock, monotonicMs: () => nowMs } });
    await sender.send(3, [record('a')]);
    expect([warn.mock.calls.length, info.mock.calls.length]).toEqual([1, 1]);
  });

  it('connects at the first record and keeps the producer', async () => {
    const { cluster, sender } = start();
    await sender.send(3, [record('a')]);
    await sender.send(3, [record('b')]);
    expect(cluster.log).toEqual(['connect 1']);
    expect(cluster.sends.map(({ values }) => values)).toEqual([['a'], ['b']]);
  });

  it('repeats the very same batch on the same producer after a retriable error', async () => {
    const { cluster, sender, rebuilds } = start(
      new KafkaJSProtocolError('NOT_LEADER_FOR_PARTITION', true),
      new KafkaJSConnectionError('broker gone'),
    );
    await sender.send(3, [record('a'), record('b')]);
    expect(cluster.sends).toEqual(Array.from({ length: 3 }, () => ({ producer: 1, partition: 3, values: ['a', 'b'] })));
    expect(rebuilds()).toBe(0);
  });

  it.each(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'])(
    'rebuilds the producer after %s and repeats the batch',
    async (type) => {
      const { cluster, sender, rebuilds } = start(new KafkaJSProtocolError(type, false));
      await sender.send(3, [record('a')]);
      expect(cluster.sends.map(({ producer }) => producer)).toEqual([1, 2]);
      expect(cluster.log).toEqual(['connect 1', 'disconnect 1', 'connect 2']);
      expect(rebuilds()).toBe(1);
    },
  );

  it.each<[string, readonly Acknowledgement[]]>([
    ['an empty answer', []],
    ['another partition', ack(4)],
    ['another topic', ack(3, { topicName: 'other' })],
    ['an error code', ack(3, { errorCode: 6 })],
    ['no offset', [{ topicName: TOPIC, partition: 3, errorCode: 0 }]],
  ])('does not believe %s to be an acknowledgement', async (_, answer) => {
    const { cluster, sender, rebuilds } = start(answer);
    await sender.send(3, [record('a')]);
    expect(cluster.sends.map(({ producer }) => producer)).toEqual([1, 2]);
    expect(rebuilds()).toBe(1);
  });

  it('rebuilds once when several partitions fail on one producer, and only after the last request has ended', async () => {
    let answerSlow = (_: readonly Acknowledgement[]): void => undefined;
    const slow = new Promise<readonly Acknowledgement[]>((resolve) => (answerSlow = resolve));
    const broken = (): Error => new KafkaJSProtocolError('INVALID_PRODUCER_EPOCH', false);
    const { cluster, sender, rebuilds } = start(slow, broken(), broken());
    const done = Promise.all([0, 1, 2].map((partition) => sender.send(partition, [{ ...record('a'), partition }])));
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(cluster.log).toEqual(['connect 1']);
    answerSlow(ack(0));
    await done;
    expect(cluster.log).toEqual(['connect 1', 'disconnect 1', 'connect 2']);
    expect(rebuilds()).toBe(1);
    expect(cluster.sends.filter(({ producer }) => producer === 2).map(({ partition }) => partition)).toEqual([1, 2]);
  });

  it('sends two halves in order when the broker finds a batch too large', async () => {
    const { cluster, sender } = start(new KafkaJSProtocolError('MESSAGE_TOO_LARGE', false));
    await sender.send(3, ['a', 'b', 'c'].map(record));
    expect(cluster.sends.map(({ values }) => values)).toEqual([['a', 'b', 'c'], ['a', 'b'], ['c']]);
  });

  it.each(['MESSAGE_TOO_LARGE', 'TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION'])(
    'gives up with PUBLISH_FAILED when one record can never pass: %s',
    async (type) => {
      const { cluster, sender } = start(new KafkaJSProtocolError(type, false));
      await expect(sender.send(3, [record('a')])).rejects.toMatchObject({
        code: 'PUBLISH_FAILED',
        message: expect.stringContaining(`${TOPIC}: ${type}`) as string,
      });
      expect(cluster.sends).toHaveLength(1);
    },
  );

  it('tries to connect until it succeeds, with a new producer each time', async () => {
    const { cluster, sender } = start();
    cluster.connectErrors = [new KafkaJSConnectionError('refused'), new KafkaJSConnectionError('refused')];
    await sender.send(3, [record('a')]);
    expect(cluster.log.filter((line) => line.startsWith('connect'))).toEqual(['connect 1', 'connect 2', 'connect 3']);
    expect(cluster.sends.map(({ producer }) => producer)).toEqual([3]);
  });

  it('takes a new producer after two time-outs in a row, not after one that is followed by something else', async () => {
    const timeout = (): Error =>
      new KafkaJSNumberOfRetriesExceeded(
        Object.assign(new Error('Request Produce timed out'), { name: 'KafkaJSRequestTimeoutError' }),
      );
    const gone = new KafkaJSConnectionError('broker gone');
    const { cluster, sender, rebuilds } = start(timeout(), gone, timeout(), ack(3), timeout(), timeout(), timeout());
    await sender.send(3, [record('a')]);
    expect(rebuilds()).toBe(0);
    await sender.send(3, [record('b')]);
    expect(cluster.sends.map(({ producer }) => producer)).toEqual([1, 1, 1, 1, 1, 1, 2, 2]);
    expect(rebuilds()).toBe(1);
  });

  it('takes a new producer when connection after connection ends under one batch', async () => {
    const closed = (): Error => Object.assign(new Error('Connection closed'), { name: 'KafkaConnectionClosedError' });
    const gone = new KafkaJSConnectionError('broker gone');
    const { cluster, sender, rebuilds } = start(
      closed(),
      closed(),
      gone,
      closed(),
      closed(),
      ack(3),
      closed(),
      closed(),
      closed(),
    );
    await sender.send(3, [record('a')]);
    expect(rebuilds()).toBe(0);
    await sender.send(3, [record('b')]);
    expect(cluster.sends.map(({ producer }) => producer)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(rebuilds()).toBe(1);
  });

  it('does not wait for ever for a login without an answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { cluster, sender } = start();
    cluster.connectErrors = [new Promise<never>(() => undefined)];
    const sent = sender.send(3, [record('a')]);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(cluster.log).toEqual(['connect 1']);
    await vi.advanceTimersByTimeAsync(1_000);
    await sent;
    expect(cluster.log).toEqual(['connect 1', 'disconnect 1', 'connect 2']);
  });

  it('gives up when Kafka refuses the login', async () => {
    const { cluster, sender } = start();
    cluster.connectErrors = [new KafkaJSProtocolError('SASL_AUTHENTICATION_FAILED', false)];
    await expect(sender.send(3, [record('a')])).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
  });

  it('rejects what still waits when it is closed', async () => {
    const { cluster, sender } = start();
    cluster.connectErrors = Array.from({ length: 1_000 }, () => new KafkaJSConnectionError('refused'));
    const send = sender.send(3, [record('a')]);
    const rejected = expect(send).rejects.toMatchObject({ code: 'TRANSPORT_UNAVAILABLE' });
    await sender.close();
    await rejected;
  });
});
