import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ThrowawayKafka } from '../../../deploy/local/services.ts';
import { MemoryStartTrace } from '../../support/memory-start-trace.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Logger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import type { KafkaConnection } from '../../../src/transport/kafka-client.ts';
import { KafkaDeadLetters } from '../../../src/transport/kafka-dead-letters.ts';
import { KafkaPublisher } from '../../../src/transport/kafka-publisher.ts';
import { KafkaSubscription } from '../../../src/transport/kafka-subscription.ts';
import { tailRecords } from '../../../src/transport/kafka-tail.ts';
import { checkTopics, ensureTopics, type TopicPlan } from '../../../src/transport/kafka-topics.ts';
import { changes, Recorder, WAIT } from '../transport/recorder.ts';
import {
  kafkaConnection,
  LOGIN,
  openKafka,
  recordingLogger,
  scram,
  tlsFolder,
  tlsOf,
  withClientCertificate,
  type TlsFolder,
} from './tls-servers.ts';

describe('Kafka that demands TLS and a login', () => {
  let tls: TlsFolder;
  let kafka: ThrowawayKafka;
  let strict: ThrowawayKafka;
  beforeAll(async () => {
    tls = await tlsFolder(['127.0.0.1']);
    [kafka, strict] = await Promise.all([
      openKafka(tls.certificates),
      openKafka(tls.certificates, { clientCertificate: true }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([kafka.remove(), strict.remove()]);
    tls.remove();
  });

  const planFor = (topic: string): TopicPlan[] => [
    { topic, use: 'invalidations', partitions: 3, replicationFactor: 1, retentionMs: 3_600_000 },
    { topic: `${topic}.dead`, use: 'dead-letters', partitions: 1, replicationFactor: 1, retentionMs: null },
  ];

  const preflight = async (connection: KafkaConnection): Promise<string[]> =>
    (await checkTopics({ connection, topics: planFor('t'), logger: recordingLogger().logger })).map(
      ({ message, remedy }) => `${message} ${remedy}`,
    );

  const partsOf = (connection: KafkaConnection, topic: string, logger: Logger = recordingLogger().logger) => {
    const parts = { connection, clock: systemClock, logger, metrics: new Metrics() };
    return {
      publisher: new KafkaPublisher({ ...parts, topic, partitions: 3, closeTimeoutMs: 500 }),
      deadLetters: new KafkaDeadLetters({ ...parts, topic: `${topic}.dead`, closeTimeoutMs: 500 }),
      subscription: new KafkaSubscription({
        ...parts,
        topic,
        group: `${topic}.group`,
        target: 'main',
        trace: new MemoryStartTrace(),
        partitions: 3,
      }),
    };
  };

  /** Administration, producers, consumers and the reader of `sluice tail`, one after the other. */
  const works = async (connection: KafkaConnection): Promise<void> => {
    const topic = `t-${randomUUID()}`;
    const { logger } = recordingLogger();
    expect(await ensureTopics({ connection, topics: planFor(topic), logger })).toEqual([]);
    const { publisher, deadLetters, subscription } = partsOf(connection, topic);
    await publisher.publish(changes(10));
    await publisher.close();
    await deadLetters.close();
    const recorder = new Recorder();
    const stop = new AbortController();
    const running = subscription.run(recorder.handle, stop.signal);
    await vi.waitFor(() => expect(recorder.invalidations).toHaveLength(10), WAIT);
    stop.abort();
    await running;
    const seen: unknown[] = [];
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const tail = tailRecords({ connection, topic, sinceMs: 0, clock: systemClock, logger }, end.signal);
    for await (const record of tail) if (seen.push(record) === 10) break;
  };

  const isRefused = async (connection: KafkaConnection, reason: RegExp): Promise<void> => {
    const found = await preflight(connection);
    expect(found).toEqual([expect.stringMatching(reason)]);
    expect(found.join()).toContain('transport.');
    expect(found.join()).not.toContain(LOGIN.password);
    const { logger, text } = recordingLogger();
    const { publisher, deadLetters, subscription } = partsOf(connection, 't', logger);
    const stop = new AbortController();
    const publishing = publisher.publish(changes(1)).catch((error: unknown) => error);
    const running = subscription.run(() => Promise.resolve(null), stop.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(text()).toMatch(/not published, retrying/), WAIT);
    await vi.waitFor(() => expect(text()).toMatch(/the consumer ended|consumer/), WAIT);
    await publisher.close();
    expect(await publishing).toMatchObject({ code: 'TRANSPORT_UNAVAILABLE', retryable: true });
    stop.abort();
    expect(await running).toBeUndefined();
    await deadLetters.close();
    expect(text()).not.toContain(LOGIN.password);
  };

  it.each(['scram-sha-256', 'scram-sha-512', 'plain'] as const)(
    'is used with %s and the right authority',
    async (mechanism) => {
      await works(kafkaConnection(kafka, { tls: tlsOf(tls.certificates), sasl: scram(mechanism) }));
    },
  );

  it('is refused when another authority signed its certificate', async () => {
    const connection = { tls: tlsOf(tls.others), sasl: scram('scram-sha-256') };
    await isRefused(kafkaConnection(kafka, connection), /certificate[^]*transport\.tls/);
  });

  it('is refused when the certificate is for another name', async () => {
    const brokers = [`localhost:${kafka.port}`];
    const connection = { brokers, tls: tlsOf(tls.certificates), sasl: scram('scram-sha-256') };
    await isRefused(kafkaConnection(kafka, connection), /does not match certificate[^]*`transport\.brokers`/);
  });

  it('refuses a connection without TLS, and the problem says what to configure', async () => {
    await isRefused(kafkaConnection(kafka, { sasl: scram('scram-sha-256') }), /`transport\.tls`/);
  });

  it('refuses a connection without a login, and the problem says what to configure', async () => {
    await isRefused(kafkaConnection(kafka, { tls: tlsOf(tls.certificates) }), /`transport\.sasl`/);
  });

  it('refuses a wrong password for good: at the preflight, and while it publishes', async () => {
    const sasl = { ...scram('scram-sha-512'), password: 'wrong-word' };
    const connection = kafkaConnection(kafka, { tls: tlsOf(tls.certificates), sasl });
    expect(await preflight(connection)).toEqual([expect.stringMatching(/refuses the login for user sluice/)]);
    const { publisher } = partsOf(connection, 't');
    await expect(publisher.publish(changes(1))).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
    await publisher.close();
  });

  it('is used without verification where that is configured, whatever it shows', async () => {
    const tlsConfig = tlsOf(tls.others, { verify: false });
    const brokers = [`localhost:${kafka.port}`];
    await works(kafkaConnection(kafka, { brokers, tls: tlsConfig, sasl: scram('scram-sha-256') }));
  });

  it('asks for a certificate of the client where it is set up so', async () => {
    const sasl = scram('scram-sha-256');
    await isRefused(kafkaConnection(strict, { tls: tlsOf(tls.certificates), sasl }), /`transport\.tls\.cert`/);
    await works(kafkaConnection(strict, { tls: withClientCertificate(tls.certificates), sasl }));
  });
});
