import type { Clock } from '../ports.ts';
import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { KafkaReader, type ReadRecord } from './kafka-reader.ts';
import { storedLetter, type LetterIds, type LetterLog, type RemovedLetters, type StoredLetter } from './letter-log.ts';
import { rawText } from './record-decoder.ts';

export interface KafkaLetterLogOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Brokers that are away this long are a reason to tell the user. */
const MAX_FAILURES = 5;

/** The dead letters of `sluice capture` and `sluice apply`. */
export class KafkaLetterLog implements LetterLog {
  readonly #options: KafkaLetterLogOptions;

  constructor(options: KafkaLetterLogOptions) {
    this.#options = options;
  }

  get name(): string {
    return `topic ${this.#options.topic}`;
  }

  async *read(signal: AbortSignal): AsyncGenerator<StoredLetter> {
    for await (const record of this.#records(signal)) yield storedLetter(idOf(record), rawText(record.value));
  }

  /** A topic can only be cut off at its beginning: up to the first letter of a partition that is to stay. */
  async remove(ids: LetterIds, signal: AbortSignal): Promise<RemovedLetters> {
    const cuts = new Map<number, number>();
    const closed = new Set<number>();
    let removed = 0;
    let left = 0;
    for await (const record of this.#records(signal)) {
      const { partition, offset } = record;
      const isWanted = ids.has(idOf(record));
      if (!isWanted) closed.add(partition);
      else if (closed.has(partition)) left++;
      else {
        cuts.set(partition, offset + 1);
        removed++;
      }
    }
    if (cuts.size > 0) await this.#cut(cuts);
    return { removed, left };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async *#records(signal: AbortSignal): AsyncGenerator<ReadRecord> {
    const reader = new KafkaReader({ ...this.#options, maxFailures: MAX_FAILURES });
    try {
      for await (const records of reader.toEnd({ kind: 'earliest' }, signal)) yield* records;
    } finally {
      await reader.close();
    }
  }

  async #cut(cuts: ReadonlyMap<number, number>): Promise<void> {
    const { connection, topic, logger } = this.#options;
    const admin = createKafkaClient({ connection, logger }).admin();
    try {
      await admin.connect();
      // Also loads the topic's metadata, without which kafkajs cannot delete.
      await admin.fetchTopicOffsets(topic);
      const partitions = [...cuts].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await admin.deleteTopicRecords({ topic, partitions });
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}

function idOf({ partition, offset }: ReadRecord): string {
  return `${partition}@${offset}`;
}
