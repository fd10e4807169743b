/**
 * The least that a delay through Kafka can be: a bare producer and a bare consumer of kafkajs in one process, at the rate of the scenario.
 * Started by delay-kafka.ts; prints percentiles of the time from `send` to the record being there.
 */
import { performance } from 'node:perf_hooks';
import { Kafka, logLevel } from 'kafkajs';
import { percentiles } from './percentiles.ts';
import { removeTopics } from './topics.ts';

export interface RoundTripSettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly perSecond: number;
  readonly seconds: number;
}

const PARTITIONS = 12;
const WARM_UP = 500;
/** As large as the record of an invalidation. */
const VALUE = Buffer.alloc(290, 'x');

const { brokers, topic, perSecond, seconds } = JSON.parse(process.argv[2] ?? '{}') as RoundTripSettings;
const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
const [admin, producer, consumer] = [kafka.admin(), kafka.producer(), kafka.consumer({ groupId: topic })];
await admin.connect();
await admin.createTopics({
  topics: [{ topic, numPartitions: PARTITIONS, replicationFactor: 1 }],
  waitForLeaders: true,
});
await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topic, fromBeginning: true });

const sentAt = new Map<string, number>();
const tookMs: number[] = [];
const total = WARM_UP + perSecond * seconds;
let seen = 0;
let done = (): void => undefined;
const finished = new Promise<void>((resolve) => (done = resolve));
await consumer.run({
  partitionsConsumedConcurrently: PARTITIONS,
  eachBatch: ({ batch }) => {
    const now = performance.now();
    for (const { key } of batch.messages) {
      const number = String(key);
      if (Number(number) >= WARM_UP) tookMs.push(now - (sentAt.get(number) ?? now));
      if (++seen === total) done();
    }
    return Promise.resolve();
  },
});

const started = performance.now();
for (let sent = 0; sent < total;) {
  const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * perSecond));
  const messages: { key: string; value: Buffer }[] = [];
  for (; sent < due; sent++) {
    sentAt.set(String(sent), performance.now());
    messages.push({ key: String(sent), value: VALUE });
  }
  if (messages.length > 0) await producer.send({ topic, messages, acks: -1 });
  else await new Promise((resolve) => setTimeout(resolve, 1));
}
await finished;
await Promise.all([producer.disconnect(), consumer.disconnect()]);
await admin.disconnect();
await removeTopics(brokers, [topic]);
process.stdout.write(JSON.stringify(percentiles(tookMs)));
process.exit(0);
