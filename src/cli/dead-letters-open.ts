import { systemClock } from '../runtime/clock.ts';
import type { LoadedConfig } from '../runtime/config/load.ts';
import { ProblemsError } from '../runtime/errors.ts';
import { createLogger, silentLogger } from '../runtime/logger.ts';
import { kafkaTransport } from '../topics.ts';
import { FileLetterLog } from '../transport/file-letter-log.ts';
import { KafkaLetterLog } from '../transport/kafka-letter-log.ts';
import type { LetterLog } from '../transport/letter-log.ts';
import { topicExists } from '../transport/topic-exists.ts';

/** Where the configuration says that dead letters are. Throws ProblemsError when that topic does not exist. */
export async function openLetters(loaded: LoadedConfig): Promise<LetterLog> {
  const { config } = loaded;
  const { deadLetters } = config;
  if (deadLetters.kind === 'file') return new FileLetterLog({ path: deadLetters.path, clock: systemClock });
  const connection = kafkaTransport(config);
  const { topic } = deadLetters;
  // Brokers that do not answer say so when it is read.
  if (!(await topicExists(connection, topic, silentLogger).catch(() => true))) throw missing(loaded, topic);
  return new KafkaLetterLog({ connection, topic, clock: systemClock, logger: createLogger('warn') });
}

function missing({ problem }: LoadedConfig, topic: string): ProblemsError {
  const remedy =
    'Correct `dead_letters.topic`, or start `sluice capture`, which creates it; a Kafka user needs DESCRIBE to see it.';
  return new ProblemsError('PREFLIGHT_FAILED', [
    problem(['dead_letters', 'topic'], `topic ${topic} does not exist`, remedy),
  ]);
}
