import type { BaseOptions, Producer } from '@platformatic/kafka';
import { fromAnywhere, type KafkaConnection } from './kafka-client.ts';
import { isRequestTimeout } from './kafka-errors.ts';
import { ACKS_TIMEOUT_MS, type Acknowledgement, type ProduceRequest, type ProducerClient } from './kafka-producer.ts';
import { PlatformaticConnections } from './platformatic-connections.ts';
import { inOurWords } from './platformatic-errors.ts';
import { timeLimit } from './time-limit.ts';

export interface PlatformaticProducerOptions {
  readonly connection: KafkaConnection;
  /** Throws if nothing may be sent at this moment; asked right before anything is written to a broker. */
  readonly permit?: () => void;
  readonly requestTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than its own limits together: the library forgets a callback where its own code throws. */
const SEND_LIMIT_MS = 60_000;
/** A leader that moved is noticed at the first answer, not by age; and asking takes seconds while a broker is away. */
const METADATA_AGE_MS = 300_000;

/**
 * An idempotent producer of @platformatic/kafka 1.35, for the topic with the many records: it encodes twice as many a second as
 * kafkajs. Of its repetitions none is used: `retries: false` (0 would mean for ever), KafkaSender repeats.
 */
export class PlatformaticProducer implements ProducerClient {
  readonly #options: PlatformaticProducerOptions;
  #producer: Producer | undefined;
  #connections: PlatformaticConnections | undefined;

  constructor(options: PlatformaticProducerOptions) {
    this.#options = options;
  }

  async connect(): Promise<void> {
    // Only here: a process that never publishes to Kafka shall not carry its 45 MB.
    const { Producer } = await import('@platformatic/kafka');
    const options = clientOptions(this.#options);
    const producer = new Producer({ ...options, idempotent: true, repeatOnStaleMetadata: false });
    const { permit } = this.#options;
    this.#producer = producer;
    this.#connections = new PlatformaticConnections({
      pool: producer.connections,
      tls: options.tls ?? null,
      ...(permit === undefined ? {} : { permit }),
    });
    await this.#try(producer.initIdempotentProducer({}));
  }

  async disconnect(): Promise<void> {
    const closed = this.#producer?.close();
    await this.#connections?.destroy();
    await closed;
  }

  async send({ topic, records }: ProduceRequest): Promise<readonly Acknowledgement[]> {
    const producer = this.#producer;
    if (producer === undefined) throw new Error('the producer is not connected');
    const { topics } = await this.#try(producer.metadata({ topics: [topic] }));
    // It would take the partition modulo what is there.
    const partitions = topics.get(topic)?.partitionsCount ?? 0;
    const beyond = records.find(({ partition }) => partition >= partitions);
    if (beyond !== undefined) throw new Error(`${topic} has ${partitions} partitions, no number ${beyond.partition}`);
    const messages = records.map(({ key, value, partition }) => ({
      topic,
      partition,
      key: Buffer.from(key),
      ...(value === null ? {} : { value }),
    }));
    const { offsets = [] } = await this.#try(producer.send({ messages }));
    return offsets.map((at) => ({
      topicName: at.topic,
      partition: at.partition,
      errorCode: 0,
      baseOffset: String(at.offset),
    }));
  }

  async #try<T>(promise: Promise<T>): Promise<T> {
    try {
      return await timeLimit(SEND_LIMIT_MS, promise, 'the producer did not settle in time');
    } catch (cause) {
      const error = inOurWords(cause);
      this.#producer?.clearMetadata();
      // An answer that comes after its time is never taken from the buffer, so none after it can be read.
      if (isRequestTimeout(error)) await this.#connections?.destroy();
      throw error;
    }
  }
}

function clientOptions({ connection, requestTimeoutMs }: PlatformaticProducerOptions): BaseOptions {
  const { brokers, clientId, tls, sasl } = connection;
  return {
    clientId,
    bootstrapBrokers: fromAnywhere(brokers).map(addressOf),
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    timeout: ACKS_TIMEOUT_MS,
    metadataMaxAge: METADATA_AGE_MS,
    retries: false,
    autocreateTopics: false,
    ...(tls === null ? {} : { tls: tlsOptions(tls) }),
    ...(sasl === null ? {} : { sasl: { ...sasl, mechanism: MECHANISMS[sasl.mechanism] } }),
  };
}

const MECHANISMS = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const;

function tlsOptions({ ca, cert, key, verify }: NonNullable<KafkaConnection['tls']>): NonNullable<BaseOptions['tls']> {
  return {
    rejectUnauthorized: verify,
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

/** The library would cut an IPv6 address at its first colon. */
function addressOf(broker: string): { host: string; port: number } {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) };
}
