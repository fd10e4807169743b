import type { Clock, DeadLetter, DeadLetters } from '../ports.ts';
import { SluiceError, errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { Accumulator } from './accumulator.ts';
import { deadLetterKey, encodeDeadLetter } from './dead-letter-record.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { createKafkajsProducer } from './kafkajs-producer.ts';
import { KafkaSender } from './kafka-sender.ts';

export interface KafkaDeadLettersOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How long `close` waits for what is in flight. */
  readonly closeTimeoutMs?: number;
}

/** They are few, and a topic has at least this partition. */
const PARTITION = 0;

/**
 * Dead letters in a topic of their own: the record, why, for which target and when. While Kafka is away it waits and
 * retries, and so does its partition: there is nothing to read from Kafka then anyway. It throws DEAD_LETTER_FAILED
 * only when Kafka refuses for good. Connects at the first letter.
 */
export class KafkaDeadLetters implements DeadLetters {
  readonly #options: KafkaDeadLettersOptions;
  readonly #sender: KafkaSender;
  readonly #accumulator: Accumulator;

  constructor(options: KafkaDeadLettersOptions) {
    const { connection, logger } = options;
    this.#options = options;
    this.#sender = new KafkaSender({ ...options, createProducer: () => createKafkajsProducer({ connection, logger }) });
    this.#accumulator = new Accumulator({ partitions: PARTITION + 1, sender: this.#sender });
  }

  async keep(letters: readonly DeadLetter[]): Promise<void> {
    const timeMs = this.#options.clock.now();
    const records = letters.map((letter) => ({
      key: deadLetterKey(letter),
      value: Buffer.from(encodeDeadLetter(letter, timeMs), 'utf8'),
      partition: PARTITION,
    }));
    try {
      await this.#accumulator.add(records);
    } catch (error) {
      const message = `${letters.length} dead letters not kept: ${errorMessage(error)}`;
      throw new SluiceError('DEAD_LETTER_FAILED', message, { cause: error });
    }
  }

  /** Waits for what is in flight, at most `closeTimeoutMs`. */
  async close(): Promise<void> {
    const { topic, closeTimeoutMs = 10_000 } = this.#options;
    const stopped = new SluiceError('TRANSPORT_UNAVAILABLE', `writing to ${topic} was stopped`);
    const limit = setTimeout(() => this.#accumulator.fail(stopped), closeTimeoutMs);
    await this.#accumulator.idle();
    clearTimeout(limit);
    await this.#sender.close();
  }
}
