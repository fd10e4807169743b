import type { BaseOptions, ClusterMetadata, Producer } from '@platformatic/kafka';
import type { KafkaConnection } from './kafka-client.ts';
import { isRequestTimeout } from './kafka-errors.ts';
import { ACKS_TIMEOUT_MS, type Acknowledgement, type ProduceRequest, type ProducerClient } from './kafka-producer.ts';
import { KnownBrokers } from './known-brokers.ts';
import { PlatformaticConnections } from './platformatic-connections.ts';
import { inOurWords } from './platformatic-errors.ts';
import { asMessage, sendBatches } from './platformatic-produce.ts';
import { timeLimit } from './time-limit.ts';

export interface PlatformaticProducerOptions {
  readonly connection: KafkaConnection;
  /** Throws if nothing may be sent at this moment; asked right before anything is written to a broker. */
  readonly permit?: () => void;
  readonly requestTimeoutMs?: number;
  /** What the producers of a topic have learned of the brokers; absent: only this one. */
  readonly brokers?: KnownBrokers;
}

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than its own limits together: the library forgets a callback where its own code throws. For one send alone. */
const SEND_LIMIT_MS = 60_000;
/** A leader that moved is noticed at the first answer, not by age; and asking takes seconds while a broker is away. */
const METADATA_AGE_MS = 300_000;

/**
 * An idempotent producer of @platformatic/kafka 1.35, for the topic with the many records: the batches of records it sends are encoded by
 * us. Of its repetitions none is used: `retries: false` (0 would mean for ever), KafkaSender repeats.
 */
export class PlatformaticProducer implements ProducerClient {
  readonly #options: PlatformaticProducerOptions;
  readonly #brokers: KnownBrokers;
  #producer: Producer | undefined;
  #connections: PlatformaticConnections | undefined;
  #underWay = 0;
  /** Each may mean that a leader has moved. */
  #failures = 0;
  /** Of them, those before the metadata that are there were asked for. */
  #failuresBefore = 0;

  constructor(options: PlatformaticProducerOptions) {
    this.#options = options;
    this.#brokers = options.brokers ?? new KnownBrokers(options.connection.brokers);
  }

  async connect(): Promise<void> {
    // Only here: a process that never publishes to Kafka shall not carry its 45 MB.
    const library = await import('@platformatic/kafka');
    const brokers = this.#brokers;
    const options = clientOptions(this.#options, brokers);
    const producer = new library.Producer({ ...options, idempotent: true, repeatOnStaleMetadata: false });
    // The library would ask the configured ones first, always in their order.
    producer[library.kGetBootstrapConnection] = (callback) => {
      producer.connections.getFirstAvailable(brokers.inOrder(), callback);
    };
    sendBatches(producer, library);
    producer.on('client:metadata', (metadata) => brokers.named(metadata.brokers.values()));
    const { permit } = this.#options;
    this.#producer = producer;
    this.#connections = new PlatformaticConnections({
      pool: producer.connections,
      tls: options.tls ?? null,
      brokers,
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
    const { topics } = await this.#metadata(producer, topic);
    // It would take the partition modulo what is there.
    const partitions = topics.get(topic)?.partitionsCount ?? 0;
    const beyond = records.find(({ partition }) => partition >= partitions);
    if (beyond !== undefined) throw new Error(`${topic} has ${partitions} partitions, no number ${beyond.partition}`);
    const { offsets = [] } = await this.#try(producer.send({ messages: [asMessage(topic, records)] }));
    return offsets.map((at) => ({
      topicName: at.topic,
      partition: at.partition,
      errorCode: 0,
      baseOffset: String(at.offset),
    }));
  }

  /** Asked for again after a failure, rather than cleared: the library would forget with them which brokers there are. */
  async #metadata(producer: Producer, topic: string): Promise<ClusterMetadata> {
    const failures = this.#failures;
    const forceUpdate = failures > this.#failuresBefore;
    const metadata = await this.#try(producer.metadata({ topics: [topic], forceUpdate }));
    this.#failuresBefore = Math.max(this.#failuresBefore, failures);
    return metadata;
  }

  async #try<T>(promise: Promise<T>): Promise<T> {
    // The library has a queue for each broker: every request before ours may take its time.
    const limitMs = SEND_LIMIT_MS + this.#underWay++ * (this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
    try {
      return await timeLimit(limitMs, promise, 'the producer did not settle in time');
    } catch (cause) {
      const error = inOurWords(cause);
      this.#failures++;
      // An answer that comes after its time is never taken from the buffer, so none after it can be read.
      if (isRequestTimeout(error)) await this.#connections?.destroy();
      throw error;
    } finally {
      this.#underWay--;
    }
  }
}

function clientOptions(given: PlatformaticProducerOptions, brokers: KnownBrokers): BaseOptions {
  const { connection, requestTimeoutMs } = given;
  const { clientId, tls, sasl } = connection;
  return {
    clientId,
    bootstrapBrokers: brokers.inOrder(),
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
