import type { Invalidation } from '../model/invalidation.ts';
import { systemClock } from '../runtime/clock.ts';
import type { KafkaTransportConfig } from '../runtime/config/config.ts';
import { createLogger, silentLogger } from '../runtime/logger.ts';
import type { LoadedConfig } from '../runtime/config/load.ts';
import { ProblemsError } from '../runtime/errors.ts';
import { tailRecords } from '../transport/kafka-tail.ts';
import { topicExists } from '../transport/topic-exists.ts';

/** The topic's records as `sluice tail` shows them; a record that cannot be read as a sentence. */
export async function* tailTopic(
  transport: KafkaTransportConfig,
  sinceMs: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<{ invalidation: Invalidation; text: string } | string> {
  const options = {
    connection: transport,
    topic: transport.topic,
    sinceMs: sinceMs ?? null,
    clock: systemClock,
    logger: createLogger('warn'),
  };
  for await (const { item, text } of tailRecords(options, signal)) {
    if (item.kind === 'invalidation') yield { invalidation: item.invalidation, text };
    else yield `${item.place}: unreadable: ${item.reason}`;
  }
}

/** Throws when the topic is not there: to wait for it would look like a topic without records. */
export async function refuseMissingTopic({ problem }: LoadedConfig, transport: KafkaTransportConfig): Promise<void> {
  const { topic, brokers } = transport;
  // Brokers that do not answer are waited for, like everywhere.
  if (await topicExists(transport, topic, silentLogger).catch(() => true)) return;
  throw new ProblemsError('PREFLIGHT_FAILED', [
    problem(
      ['transport', 'topic'],
      `topic ${topic} does not exist on ${brokers.join(', ')}`,
      'Correct `transport.topic`, or start `sluice capture`, which creates it; a Kafka user needs DESCRIBE to see it.',
    ),
  ]);
}
