import type { Clock } from '../ports.ts';
import { fullJitterMs } from '../runtime/backoff.ts';
import { SluiceError, errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { OutgoingRecord, RecordSender } from './accumulator.ts';
import { classifyKafkaError, describeKafkaError, isConnectionClosed, isRequestTimeout } from './kafka-errors.ts';
import { produce, type ProducerClient } from './kafka-producer.ts';
import { Refusals } from './refusals.ts';
import { askBrokers } from './time-limit.ts';

/** A batch that meets so many time-outs in a row gets a new producer: the connection of this one may be unusable. */
const TIMEOUTS_LIMIT = 2;
/** As above for connections that ended: brokers end those on which somebody speaks a version of the protocol that they do not (any more). */
const CLOSED_LIMIT = 3;

export interface KafkaSenderOptions {
  readonly topic: string;
  /** A new producer, not connected yet. */
  readonly createProducer: () => ProducerClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Label of `sluice_kafka_available`; absent: not shown. */
  readonly link?: string;
  /** Throws if nothing may be sent at this moment: for good, or (retryable) until later. */
  readonly permit?: () => void;
  /** What can be sent instead of a record that is too large for the topic; null: nothing. */
  readonly smaller?: (record: OutgoingRecord) => OutgoingRecord | null;
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/**
 * Sends the records of one partition until they are durable, whatever happens to the producer.
 *
 * - `retry` (leader moved, broker gone, time-out): the same batch again on the same producer, whose sequence numbers
 *   let the broker drop a double (KIP-98). A second time-out in a row is a reason to rebuild,
 *   and so is a connection that ends again and again.
 * - `rebuild` (sequence or producer id refused, an answer without our partition, anything unexpected): a new producer
 *   repeats the batch. What the old one wrote without an answer then stands twice, still in order: at least once.
 *   The new one waits until no request of the old one is under way, since kafkajs would reconnect it and send on.
 * - `too-large`: two halves, one after the other; a single record that is too large is permanent, unless a smaller one can stand in.
 */
export class KafkaSender implements RecordSender {
  readonly #options: KafkaSenderOptions;
  readonly #stop = new AbortController();
  readonly #refusals: Refusals;
  /** The usable producer; undefined while there is none. */
  #producer: ProducerClient | undefined;
  /** The producer to come, or the one that is there. */
  #ready: Promise<ProducerClient> | undefined;
  #underWay = 0;
  #quiet: (() => void) | undefined;
  #troubled = false;

  constructor(options: KafkaSenderOptions) {
    this.#options = options;
    this.#refusals = new Refusals(options);
    // Preflight has just talked to the brokers.
    this.#available(1);
  }

  async send(partition: number, records: OutgoingRecord[]): Promise<void> {
    let timeouts = 0;
    let closed = 0;
    for (let failures = 0; ; failures++) {
      const producer = await this.#usable();
      try {
        await this.#attempt(producer, partition, records);
        return;
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        if (error instanceof SluiceError) {
          if (!error.retryable) throw error;
          this.#refusals.refused(error);
          await this.#wait(failures);
          continue;
        }
        const meaning = classifyKafkaError(error);
        if (meaning === 'too-large' && records.length > 1) return this.#halve(partition, records);
        const smaller = meaning === 'too-large' ? this.#smaller(records) : null;
        if (smaller !== null) return this.send(partition, [smaller]);
        if (meaning === 'permanent' || meaning === 'too-large') throw this.#permanent(error);
        this.#note(error, partition);
        timeouts = isRequestTimeout(error) ? timeouts + 1 : 0;
        closed = isConnectionClosed(error) ? closed + 1 : 0;
        if (meaning === 'rebuild' || timeouts >= TIMEOUTS_LIMIT || closed >= CLOSED_LIMIT) {
          this.#rebuild(producer, error);
          timeouts = 0;
          closed = 0;
        }
        await this.#wait(failures);
      }
    }
  }

  /** Sends that still wait reject with TRANSPORT_UNAVAILABLE. */
  async close(): Promise<void> {
    this.#stop.abort(new SluiceError('TRANSPORT_UNAVAILABLE', `publishing to ${this.#options.topic} was stopped`));
    const producer = await this.#ready?.catch(() => undefined);
    await this.#disconnect(producer);
    // A request that fails after this reconnects inside kafkajs; without a second disconnect its socket stays open.
    if (this.#underWay > 0) this.#quiet = () => void this.#disconnect(producer);
  }

  async #attempt(producer: ProducerClient, partition: number, records: OutgoingRecord[]): Promise<void> {
    this.#options.permit?.();
    this.#refusals.permitted();
    this.#underWay++;
    try {
      await produce(producer, this.#options.topic, partition, records);
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#quiet?.();
    }
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#available(1);
    this.#options.logger.info({ topic: this.#options.topic }, 'publishing again');
  }

  /** Null: it is not one record, or nothing can stand in for it. */
  #smaller(records: readonly OutgoingRecord[]): OutgoingRecord | null {
    const [record] = records;
    return record === undefined || records.length > 1 ? null : (this.#options.smaller?.(record) ?? null);
  }

  async #halve(partition: number, records: OutgoingRecord[]): Promise<void> {
    const middle = Math.ceil(records.length / 2);
    await this.send(partition, records.slice(0, middle));
    await this.send(partition, records.slice(middle));
  }

  /** A producer that nobody is about to replace. */
  async #usable(): Promise<ProducerClient> {
    for (;;) {
      this.#stop.signal.throwIfAborted();
      const producer = await (this.#ready ??= this.#connect());
      if (producer === this.#producer) return producer;
    }
  }

  async #connect(): Promise<ProducerClient> {
    for (let failures = 0; ; failures++) {
      this.#stop.signal.throwIfAborted();
      const producer = this.#options.createProducer();
      try {
        await askBrokers(producer.connect());
        return (this.#producer = producer);
      } catch (error) {
        await this.#disconnect(producer);
        if (classifyKafkaError(error) === 'permanent') throw this.#permanent(error);
        this.#note(error);
        await this.#wait(failures);
      }
    }
  }

  /** Several partitions may ask for it at once: only the first finds its producer still in use. */
  #rebuild(used: ProducerClient, error: unknown): void {
    if (this.#producer !== used) return;
    this.#producer = undefined;
    this.#options.metrics.count('sluice_publisher_rebuilds_total', {});
    this.#options.logger.warn({ topic: this.#options.topic, reason: describeKafkaError(error) }, 'rebuilding producer');
    this.#ready = this.#replace(used);
    // Whoever sends next sees a failure of it; until then nobody waits for it.
    this.#ready.catch(() => undefined);
  }

  async #replace(used: ProducerClient): Promise<ProducerClient> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#quiet = resolve));
    this.#quiet = undefined;
    await this.#disconnect(used);
    return this.#connect();
  }

  async #disconnect(producer: ProducerClient | undefined): Promise<void> {
    try {
      await producer?.disconnect();
    } catch (error) {
      this.#options.logger.debug({ reason: errorMessage(error) }, 'disconnecting the producer failed');
    }
  }

  async #wait(failures: number): Promise<void> {
    const ms = fullJitterMs(failures, this.#options.backoff ?? { baseMs: 50, maxMs: 5_000 });
    await this.#options.clock.sleep(ms, this.#stop.signal);
  }

  /** Once when trouble begins; the end of it is told by the next success. */
  #note(error: unknown, partition?: number): void {
    const { logger, topic } = this.#options;
    const fields = { topic, partition, reason: describeKafkaError(error) };
    if (this.#troubled) logger.debug(fields, 'still not published, retrying');
    else {
      logger.warn(fields, 'not published, retrying');
      this.#available(0);
    }
    this.#troubled = true;
  }

  #available(value: 0 | 1): void {
    const { metrics, link } = this.#options;
    if (link !== undefined) metrics.set('sluice_kafka_available', { link }, value);
  }

  #permanent(error: unknown): SluiceError {
    const message = `Kafka refuses records for topic ${this.#options.topic}: ${describeKafkaError(error)}`;
    return new SluiceError('PUBLISH_FAILED', message, { cause: error });
  }
}
