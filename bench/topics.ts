import kafkajs, { Kafka, logLevel, type Admin } from 'kafkajs';

export async function withAdmin<T>(brokers: readonly string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Those whose names begin so. */
export async function removeTopics(brokers: readonly string[], prefixes: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const topics = (await admin.listTopics()).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
    try {
      await admin.deleteTopics({ topics });
    } catch (error) {
      // The client asks again when the answer is late, and then the topic is gone: that is what was wanted.
      if (!(error instanceof kafkajs.KafkaJSProtocolError && error.type === 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    }
  });
}
