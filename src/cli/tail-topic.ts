import type { Invalidation } from '../model/invalidation.ts';
import { systemClock } from '../runtime/clock.ts';
import type { KafkaTransportConfig } from '../runtime/config/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { tailRecords } from '../transport/kafka-tail.ts';

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
