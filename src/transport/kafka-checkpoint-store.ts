import { decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint.ts';
import type { Checkpoint, CheckpointStore, Clock } from '../ports.ts';
import { SluiceError, errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { describeKafkaError } from './kafka-errors.ts';
import { createProducer, produce, type ProducerClient } from './kafka-producer.ts';
import { KafkaReader } from './kafka-reader.ts';
import { rawText } from './record-decoder.ts';

export interface KafkaCheckpointStoreOptions {
  readonly connection: KafkaConnection;
  /** A compacted topic with one partition (`ensureTopics` creates it). */
  readonly topic: string;
  /** The record key: several daemons may share the topic. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PARTITION = 0;

/**
 * The checkpoint as the last record of its key in a compacted topic, durable on all in-sync replicas when `save`
 * resolves. A save that failed is given up, not repeated behind the caller's back; should it arrive late after all, an
 * older checkpoint stands last, and a restart repeats more.
 */
export class KafkaCheckpointStore implements CheckpointStore {
  readonly #options: KafkaCheckpointStoreOptions;
  #producer: ProducerClient | undefined;

  constructor(options: KafkaCheckpointStoreOptions) {
    this.#options = options;
  }

  /** Reads the topic to its end: compaction keeps it short. Throws TRANSPORT_UNAVAILABLE if Kafka does not answer. */
  async load(): Promise<Checkpoint | null> {
    const { name, topic } = this.#options;
    const text = await this.#readLast();
    if (text === null) return null;
    try {
      return decodeCheckpoint(text);
    } catch (error) {
      const message = `record ${name} of topic ${topic}: ${errorMessage(error)}`;
      throw new SluiceError('CHECKPOINT_UNREADABLE', message, { cause: error });
    }
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { topic, name } = this.#options;
    const value = Buffer.from(encodeCheckpoint(checkpoint), 'utf8');
    try {
      const producer = await this.#connected();
      await produce(producer, topic, PARTITION, [{ key: name, value, partition: PARTITION }]);
    } catch (error) {
      // A fresh producer next time: this one may have lost its sequence.
      await this.close();
      throw new SluiceError('CHECKPOINT_UNAVAILABLE', `topic ${topic}: ${describeKafkaError(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  async #connected(): Promise<ProducerClient> {
    if (this.#producer === undefined) {
      this.#producer = createProducer(this.#options);
      await this.#producer.connect();
    }
    return this.#producer;
  }

  async #readLast(): Promise<string | null> {
    const reader = new KafkaReader({ ...this.#options, maxFailures: 10 });
    const key = Buffer.from(this.#options.name, 'utf8');
    let last: string | null = null;
    try {
      for await (const records of reader.toEnd({ kind: 'earliest' }, new AbortController().signal)) {
        // A tombstone is how an operator deletes a checkpoint.
        for (const record of records) {
          if (record.key?.equals(key) === true) last = record.value === null ? null : rawText(record.value);
        }
      }
    } finally {
      await reader.close();
    }
    return last;
  }
}
