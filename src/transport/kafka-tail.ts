import type { Clock, DeliveredItem } from '../ports.ts';
import type { Logger } from '../runtime/logger.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { KafkaReader, type ReadRecord } from './kafka-reader.ts';
import { decodeRecord, rawText } from './record-decoder.ts';

export interface KafkaTailOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  /** Begin with records of this time (ms since the epoch) or later; null: with what comes from now on. */
  readonly sinceMs: number | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TailRecord {
  readonly item: DeliveredItem;
  /** The record's value as it is, for `--json`. */
  readonly text: string;
  readonly partition: number;
  /** Kafka offset. */
  readonly offset: number;
  /** When Kafka got it, ms since the epoch. */
  readonly timestampMs: number;
}

/**
 * The records of a topic as they come, for people who look. In order within a partition; records of different
 * partitions that arrive together are sorted by time. A versioned flush stands in every partition and is shown once.
 * Reconnects by itself; ends when aborted.
 */
export async function* tailRecords(options: KafkaTailOptions, signal: AbortSignal): AsyncGenerator<TailRecord> {
  const { topic, sinceMs } = options;
  const reader = new KafkaReader(options);
  try {
    const from = sinceMs === null ? ({ kind: 'latest' } as const) : ({ kind: 'since', timeMs: sinceMs } as const);
    for await (const records of reader.follow(from, signal)) {
      const chunk = [...records].sort((a, b) => a.timestampMs - b.timestampMs);
      for (const record of chunk) {
        const tailed = toTailRecord(topic, record);
        if (!isFurtherCopy(tailed)) yield tailed;
      }
    }
  } finally {
    await reader.close();
  }
}

function isFurtherCopy({ item, partition }: TailRecord): boolean {
  if (item.kind !== 'invalidation' || item.invalidation.action !== 'flush') return false;
  return item.invalidation.versioned && partition !== 0;
}

function toTailRecord(topic: string, record: ReadRecord): TailRecord {
  const { partition, offset, timestampMs } = record;
  const item = decodeRecord(record, `${topic}/${partition}@${offset}`);
  return { item, text: rawText(record.value), partition, offset, timestampMs };
}
