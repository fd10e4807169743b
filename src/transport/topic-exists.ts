import type { Logger } from '../runtime/logger.ts';
import { createKafkaClient, type KafkaConnection } from './kafka-client.ts';

/** Rejects when the brokers do not answer. A topic that the user may not see is one that is not there. */
export async function topicExists(connection: KafkaConnection, topic: string, logger: Logger): Promise<boolean> {
  const admin = createKafkaClient({ connection, logger, connectionTimeoutMs: 3_000, retries: 1 }).admin();
  try {
    await admin.connect();
    return (await admin.listTopics()).includes(topic);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
