import type { Invalidation } from '../model/invalidation.ts';
import type { Clock, InvalidationPublisher } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';
import { Accumulator, type OutgoingRecord } from './accumulator.ts';
import type { KafkaConnection } from './kafka-client.ts';
import type { ProducerClient } from './kafka-producer.ts';
import { KafkaSender } from './kafka-sender.ts';
import { DEFAULT_RECORD_LIMIT, recordLimit } from './kafka-record-limit.ts';
import { KnownBrokers } from './known-brokers.ts';
import { partitionFor } from './murmur2.ts';
import { OversizedRecords } from './oversized-records.ts';
import { PlatformaticProducer } from './platformatic-producer.ts';
import { RecordEncoder } from './record-encoder.ts';

export interface ProducerOptions {
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  readonly permit?: () => void;
}

export interface KafkaPublisherOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Must be the topic's own number (`checkTopics` sees to it): it decides which partition a key goes to. */
  readonly partitions: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /**
   * An idempotent producer of either library has one request per broker under way, so a batch over twelve partitions would wait
   * twelve round trips. Each partition belongs to one producer for good: its sequence numbers count per partition.
   */
  readonly producers?: number;
  /** Throws if nothing may be sent at this moment; asked right before every send. */
  readonly permit?: () => void;
  /** A producer of another client library (tests, measurements). */
  readonly createProducer?: (options: ProducerOptions) => ProducerClient;
  /** How long `close` waits for what is in flight. */
  readonly closeTimeoutMs?: number;
}

/**
 * Invalidations as JSON records in a Kafka topic, partition = murmur2(partition key); a versioned flush in every partition. `publish` resolves when every
 * record of the batch is on all in-sync replicas; it retries as long as Kafka is away, and rejects with
 * PUBLISH_FAILED only when Kafka refuses for good (authorization, a record larger than the topic allows).
 * Connects at the first record. After a time-out or a rebuilt producer records may stand in the topic twice.
 */
export class KafkaPublisher implements InvalidationPublisher {
  /** Labels of `sluice_kafka_available`, one for each producer. */
  readonly links: readonly string[];
  readonly #partitions: number;
  readonly #encoder = new RecordEncoder();
  readonly #senders: readonly KafkaSender[];
  readonly #accumulator: Accumulator;
  readonly #closeTimeoutMs: number;
  readonly #topic: string;
  readonly #options: KafkaPublisherOptions;
  readonly #oversized: OversizedRecords;
  readonly #stop = new AbortController();
  /** How large a record may be; asked before the first is made, until a broker answers. */
  #limit: Promise<number> | undefined;
  #closed = false;

  constructor(options: KafkaPublisherOptions) {
    const { connection, topic, partitions, logger } = options;
    this.#topic = topic;
    const brokers = new KnownBrokers(connection.brokers);
    const create = options.createProducer ?? ((producer) => new PlatformaticProducer({ ...producer, brokers }));
    const fence = options.permit === undefined ? {} : { permit: options.permit };
    this.#options = options;
    this.#oversized = new OversizedRecords(options);
    this.#partitions = partitions;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 10_000;
    this.links = Array.from(
      { length: Math.min(options.producers ?? 3, partitions) },
      (_, index) => `publisher.${index}`,
    );
    this.#senders = this.links.map(
      (link) =>
        new KafkaSender({
          ...options,
          link,
          smaller: this.#oversized.smaller,
          createProducer: () => create({ connection, logger, ...fence }),
        }),
    );
    this.#accumulator = new Accumulator({
      partitions,
      sender: { send: (partition, records) => this.#senderOf(partition).send(partition, records) },
    });
  }

  /** Records published and not yet acknowledged. */
  depth(): number {
    return this.#accumulator.depth();
  }

  async publish(invalidations: readonly Invalidation[]): Promise<void> {
    if (this.#closed) throw this.#stopped();
    // Always waited for, also when it is known: so the calls go on in their order.
    const limitBytes = await (this.#limit ??= this.#askLimit());
    this.#stop.signal.throwIfAborted();
    const records: OutgoingRecord[] = [];
    for (const invalidation of invalidations) this.#collect(invalidation, limitBytes, records);
    await this.#accumulator.add(records);
  }

  /** Waits for what is in flight, at most `closeTimeoutMs`; the rest rejects with TRANSPORT_UNAVAILABLE. */
  async close(): Promise<void> {
    this.#closed = true;
    const limit = setTimeout(() => this.#fail(this.#stopped()), this.#closeTimeoutMs);
    await unlessAborted(Promise.resolve(this.#limit), this.#stop.signal).catch(() => undefined);
    await this.#accumulator.idle();
    clearTimeout(limit);
    await Promise.all(this.#senders.map((sender) => sender.close()));
  }

  /** While nobody answers the default counts, and the senders, who notice it too, say what is wrong. */
  async #askLimit(): Promise<number> {
    const limitBytes = await recordLimit(this.#options);
    if (limitBytes === null) this.#limit = undefined;
    return limitBytes ?? DEFAULT_RECORD_LIMIT;
  }

  #fail(error: SluiceError): void {
    this.#stop.abort(error);
    this.#accumulator.fail(error);
  }

  #senderOf(partition: number): KafkaSender {
    const sender = this.#senders[partition % this.#senders.length];
    if (sender === undefined) throw new RangeError(`there is no partition ${partition}`);
    return sender;
  }

  /** A versioned flush must act after everything published before it, which may stand in any partition: one copy in each. */
  #collect(invalidation: Invalidation, limitBytes: number, records: OutgoingRecord[]): void {
    const key = invalidation.partitionKey;
    const value = this.#oversized.encode(invalidation, limitBytes, this.#encoder);
    if (invalidation.action === 'flush' && invalidation.versioned) {
      for (let partition = 0; partition < this.#partitions; partition++) records.push({ key, value, partition });
    } else records.push({ key, value, partition: partitionFor(key, this.#partitions) });
  }

  #stopped(): SluiceError {
    return new SluiceError('TRANSPORT_UNAVAILABLE', `publishing to ${this.#topic} was stopped`);
  }
}
