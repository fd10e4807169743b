import type { StartTrace } from '../ports.ts';
import { SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { describeKafkaError } from './kafka-errors.ts';

export interface KafkaStartTraceOptions {
  readonly connection: KafkaConnection;
  /** Of the invalidations. */
  readonly topic: string;
  readonly logger: Logger;
}

/** The records themselves: a topic that has, or had, some was written to by a capture. */
export class KafkaStartTrace implements StartTrace {
  readonly #options: KafkaStartTraceOptions;

  constructor(options: KafkaStartTraceOptions) {
    this.#options = options;
  }

  async exists(): Promise<boolean> {
    const { topic } = this.#options;
    const admin = createKafkaClient({ ...this.#options, connectionTimeoutMs: 3_000, retries: 1 }).admin();
    try {
      await admin.connect();
      return (await admin.fetchTopicOffsets(topic)).some(({ high }) => high !== '0');
    } catch (error) {
      throw new SluiceError('TRANSPORT_UNAVAILABLE', `topic ${topic}: ${describeKafkaError(error)}`, { cause: error });
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** Every record that is published is one. */
  leave(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
