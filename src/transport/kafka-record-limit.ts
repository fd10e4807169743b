import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';
import { classifyKafkaError, describeKafkaError } from './kafka-errors.ts';

export interface RecordLimitOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly logger: Logger;
}

/** What a broker takes unless it is configured. */
export const DEFAULT_RECORD_LIMIT = 1_048_588;
/** The limit counts a whole record batch: its header, and what stands around the one record in it, with room to spare (KIP-98). */
const AROUND_A_RECORD = 200;
/** ConfigResourceTypes.TOPIC: kafkajs declares it as a value its module does not export to ESM. */
const TOPIC = 2;

/** Whether a record of its own batch would be too large, without a client that compresses. */
export function exceeds(limitBytes: number, keyBytes: number, valueBytes: number): boolean {
  return keyBytes + valueBytes + AROUND_A_RECORD > limitBytes;
}

/**
 * How large a record batch the topic takes (`max.message.bytes`); null: no broker answers now. Brokers drop the connection of
 * whoever sends them more than they take at all, so what is far too large must never be sent. Who may not ask is told the
 * default; a limit that was lowered meanwhile shows when the broker refuses (KafkaSender).
 */
export async function recordLimit(options: RecordLimitOptions): Promise<number | null> {
  const { topic, logger } = options;
  try {
    return await askLimit(options);
  } catch (error) {
    const reason = describeKafkaError(error);
    if (classifyKafkaError(error) !== 'permanent') {
      logger.debug(
        { topic, reason },
        'max.message.bytes of the topic is not known yet: the default counts until it is',
      );
      return null;
    }
    logger.warn({ topic, reason }, 'max.message.bytes of the topic cannot be read: the default counts');
    return DEFAULT_RECORD_LIMIT;
  }
}

async function askLimit({ connection, topic, logger }: RecordLimitOptions): Promise<number> {
  const admin = createKafkaClient({ connection, logger, retries: 1 }).admin();
  try {
    await admin.connect();
    const { resources } = await admin.describeConfigs({
      resources: [{ type: TOPIC, name: topic, configNames: ['max.message.bytes'] }],
      includeSynonyms: false,
    });
    const value = resources[0]?.configEntries.find(({ configName }) => configName === 'max.message.bytes')?.configValue;
    return Number(value) > 0 ? Number(value) : DEFAULT_RECORD_LIMIT;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
