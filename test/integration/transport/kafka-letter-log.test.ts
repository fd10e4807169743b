import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeadLetter } from '../../../src/ports.ts';
import { KafkaDeadLetters } from '../../../src/transport/kafka-dead-letters.ts';
import { KafkaLetterLog } from '../../../src/transport/kafka-letter-log.ts';
import type { StoredLetter } from '../../../src/transport/letter-log.ts';
import { KafkaHarness } from './kafka-harness.ts';

const { signal } = new AbortController();
const letter = (place: string): DeadLetter => ({
  reason: 'not JSON',
  item: { kind: 'unreadable', raw: 'x', reason: 'not JSON', place },
  target: null,
});

async function start() {
  const harness = await KafkaHarness.open({ partitions: 1 });
  const { connection, parts, topic } = harness;
  const letters = new KafkaDeadLetters({ connection, topic: topic.name, ...parts });
  onTestFinished(() => letters.close());
  const log = new KafkaLetterLog({ connection, topic: topic.name, ...parts });
  const all = async (): Promise<StoredLetter[]> => {
    const found: StoredLetter[] = [];
    for await (const each of log.read(signal)) found.push(each);
    return found;
  };
  const places = async () => (await all()).map(({ letter }) => letter?.place);
  const remove = async (...wanted: string[]) => {
    const chosen = (await all()).filter(({ letter }) => wanted.includes(letter?.place ?? ''));
    return log.remove(new Map(chosen.map(({ id }) => [id, 1])), signal);
  };
  return { harness, letters, all, places, remove };
}

describe('the topic of dead letters', () => {
  it('is read from its beginning to its end, with what is damaged', async () => {
    const { harness, letters, all } = await start();
    expect(await all()).toEqual([]);
    await letters.keep([letter('a'), letter('b')]);
    await harness.topic.produce([{ key: 'k', value: 'hello', partition: 0 }]);
    expect((await all()).map(({ id, letter, damage }) => [id, letter?.place, damage])).toEqual([
      ['0@0', 'a', ''],
      ['0@1', 'b', ''],
      ['0@2', undefined, 'it is not JSON'],
    ]);
  });

  it('is cut off before the first letter that is to stay; what comes later stays too', async () => {
    const { letters, places, remove } = await start();
    await letters.keep(['a', 'b', 'c', 'd'].map(letter));
    expect(await remove('a', 'b', 'd')).toEqual({ removed: 2, left: 1 });
    expect(await places()).toEqual(['c', 'd']);
    await letters.keep([letter('e')]);
    expect(await remove('c', 'd')).toEqual({ removed: 2, left: 0 });
    expect(await places()).toEqual(['e']);
    expect(await remove('e')).toEqual({ removed: 1, left: 0 });
    expect(await places()).toEqual([]);
  });
});
