import { KafkaDeadLetters } from '../../../src/transport/kafka-dead-letters.ts';
import { describeDeadLetters, type KeptLetter } from '../../contract/dead-letters.suite.ts';
import { KafkaHarness } from './kafka-harness.ts';

describeDeadLetters('KafkaDeadLetters', async () => {
  const harness = await KafkaHarness.open({ partitions: 1 });
  const { connection, parts, topic } = harness;
  return {
    open: () => new KafkaDeadLetters({ connection, topic: topic.name, ...parts }),
    kept: async () => (await topic.kcat('%s')).map((line) => JSON.parse(line) as KeptLetter),
    close: () => Promise.resolve(),
  };
});
