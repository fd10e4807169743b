/**
 * The least that a delay through Kafka can be: a bare producer and a bare consumer of kafkajs in one process, at the rate of the scenario.
 * Started by delay-kafka.ts; prints percentiles of the time from `send` to the record being there.
 */
import { performance } from 'node:perf_hooks';
import { Kafka, logLevel } from 'kafkajs';
import { percentiles } from './percentiles.ts';
import { removeTopics } from './topics.ts';
import { warmUpFor } from './warm-up.ts';

export interface RoundTripSettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly perSecond: number;
  readonly seconds: number;
}

const PARTITIONS = 12;
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
const warmUp = warmUpFor(perSecond);
const count = perSecond * seconds;
let seen = 0;
await consumer.run({
  partitionsConsumedConcurrently: PARTITIONS,
  eachBatch: ({ batch }) => {
    const now = performance.now();
    for (const { key } of batch.messages) {
      const number = String(key);
      if (Number(number) >= warmUp.count) tookMs.push(now - (sentAt.get(number) ?? now));
      seen++;
    }
    return Promise.resolve();
  },
});

/** Numbers its records from `first` on. */
async function produce(first: number, load: { readonly count: number; readonly perSecond: number }): Promise<void> {
  const started = performance.now();
  for (let sent = 0; sent < load.count;) {
    const due = Math.min(load.count, Math.floor(((performance.now() - started) / 1000) * load.perSecond));
    const messages: { key: string; value: Buffer }[] = [];
    for (; sent < due; sent++) {
      const key = String(first + sent);
      sentAt.set(key, performance.now());
      messages.push({ key, value: VALUE });
    }
    if (messages.length > 0) await producer.send({ topic, messages, acks: -1 });
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function untilSeen(records: number): Promise<void> {
  while (seen < records) await new Promise((resolve) => setTimeout(resolve, 20));
}

await produce(0, warmUp);
await untilSeen(warmUp.count);
await produce(warmUp.count, { count, perSecond });
await untilSeen(warmUp.count + count);
await Promise.all([producer.disconnect(), consumer.disconnect()]);
await admin.disconnect();
await removeTopics(brokers, [topic]);
process.stdout.write(JSON.stringify(percentiles(tookMs)));
process.exit(0);
